// Encrypts payloads to Temporal, and decrypts payloads from it, as codec/ does.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Payload, PayloadCodec } from "@temporalio/common";
import protos from "@temporalio/proto";

const { Payload: PayloadProto } = protos.temporal.api.common.v1;

const ENCODING = "binary/encrypted";
const KEY_ID_FIELD = "encryption-key-id";
const LABEL = "durable-cashier payload v1\n";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_FILE = /^(\d{8}T\d{6}Z)\.key$/;

export class EncryptingCodec implements PayloadCodec {
  // The folder is read for each batch of payloads, so that a new key is used from its
  // time on, without a restart; it takes a fraction of a millisecond.
  constructor(private readonly folder: string) {}

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const now = new Date().toISOString().replace(/[-:]|\.\d+/g, ""); // 20261124T090000Z
    // Ids sort by time; a key may be in the folder before its time.
    const keyId = this.keyIds().filter((id) => id <= now).sort().at(-1);
    if (keyId === undefined) {
      throw new Error(`no payload key's time has come in ${this.folder}`);
    }
    const key = this.key(keyId);
    return payloads.map((payload) => encrypt(payload, keyId, key));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      if (text(payload.metadata?.["encoding"]) !== ENCODING) {
        return payload;
      }
      const keyId = text(payload.metadata?.[KEY_ID_FIELD]);
      // The id comes from outside, and must not name another file.
      if (!this.keyIds().includes(keyId)) {
        throw new Error(`there is no payload key ${JSON.stringify(keyId.slice(0, 32))}`);
      }
      return decrypt(payload, keyId, this.key(keyId));
    });
  }

  private keyIds(): string[] {
    const names = readdirSync(this.folder).map((name) => KEY_FILE.exec(name)?.[1]);
    return names.filter((id) => id !== undefined);
  }

  private key(keyId: string): Buffer {
    const path = join(this.folder, `${keyId}.key`);
    const key = Buffer.from(readFileSync(path, "utf8").trim(), "base64");
    if (key.length !== 32) {
      throw new Error(`the payload key ${path} has ${key.length} bytes, not 32`);
    }
    return key;
  }
}

function encrypt(payload: Payload, keyId: string, key: Buffer): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(LABEL + keyId));
  const plain = PayloadProto.encode(payload).finish();
  return {
    metadata: { encoding: Buffer.from(ENCODING), [KEY_ID_FIELD]: Buffer.from(keyId) },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, keyId: string, key: Buffer): Payload {
  const data = Buffer.from(payload.data ?? []);
  if (data.length < NONCE_BYTES + TAG_BYTES) {
    throw new Error(`a payload encrypted with key ${keyId} is too short`);
  }
  const nonce = data.subarray(0, NONCE_BYTES);
  const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(LABEL + keyId));
  cipher.setAuthTag(data.subarray(-TAG_BYTES));
  const plain = cipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES));
  // final() throws if a bit was changed.
  return PayloadProto.decode(Buffer.concat([plain, cipher.final()]));
}

function text(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}
