// Connects to Temporal with the settings of the environment; payloads are encrypted.

import { env } from "node:process";
import { Client, Connection } from "@temporalio/client";
import { EncryptingCodec } from "./payload_codec.js";

export async function connect(): Promise<Client> {
  const apiKey = env["TEMPORAL_API_KEY"];
  const connection = await Connection.connect({
    address: env["TEMPORAL_ADDRESS"] ?? "localhost:7233",
    ...(apiKey ? { apiKey, tls: true } : {}),
  });
  const folder = env["CASHIER_PAYLOAD_KEYS_DIR"];
  if (folder === undefined) {
    throw new Error("CASHIER_PAYLOAD_KEYS_DIR is not set");
  }
  return new Client({
    connection,
    namespace: env["TEMPORAL_NAMESPACE"] ?? "default",
    dataConverter: { payloadCodecs: [new EncryptingCodec(folder)] },
    workflow: { queryRejectCondition: "NOT_OPEN" },
  });
}
