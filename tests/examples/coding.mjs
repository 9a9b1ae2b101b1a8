// Encodes or decodes payloads with the TypeScript codec; bytes travel as Base64.
// node coding.mjs CODEC KEYS_FOLDER encode|decode < payloads.json

import { argv, stdin, stdout } from "node:process";

const [codecFile, folder, action] = argv.slice(2);
const { EncryptingCodec } = await import(codecFile);

const parts = [];
for await (const part of stdin) {
  parts.push(part);
}
const given = JSON.parse(Buffer.concat(parts).toString()).map(({ metadata, data }) => ({
  metadata: mapped(metadata, (text) => Buffer.from(text, "base64")),
  data: Buffer.from(data ?? "", "base64"),
}));
const coded = await new EncryptingCodec(folder)[action](given);
stdout.write(
  JSON.stringify(
    coded.map(({ metadata, data }) => ({
      metadata: mapped(metadata, (bytes) => Buffer.from(bytes).toString("base64")),
      data: Buffer.from(data ?? []).toString("base64"),
    })),
  ),
);

function mapped(record, change) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
