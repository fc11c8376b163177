import { createHash, randomBytes } from 'node:crypto';
import type { FirmwareDto } from '#libs/contracts';
import type { Answer, Api } from './api.js';

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export const binaryOf = (sizeBytes: number): Buffer<ArrayBuffer> => Buffer.from(randomBytes(sizeBytes));

export interface Upload {
  readonly file?: Uint8Array<ArrayBuffer>;
  readonly fields?: Readonly<Record<string, string>>;
  readonly fileFirst?: boolean;
  readonly path?: string;
}

/** Sends a form as a browser does. */
export async function send<T = FirmwareDto>(api: Api, upload: Upload): Promise<Answer<T>> {
  const { file, fields = {}, fileFirst = false, path = '/api/firmwares/upload' } = upload;
  const form = new FormData();
  const append = (): void => {
    if (file) form.append('file', new Blob([file]), 'firmware.bin');
  };
  if (fileFirst) append();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (!fileFirst) append();
  const headers = { authorization: `Bearer ${api.token}` };
  const response = await fetch(api.url + path, { method: 'POST', headers, body: form });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as T };
}

/** Publishes a firmware; fails unless it is taken. */
export async function publish(
  api: Api,
  fields: Readonly<Record<string, string>>,
  file = binaryOf(1_024),
): Promise<FirmwareDto> {
  const { status, body } = await send(api, { file, fields: { target: 'esp32c3', ...fields } });
  if (status !== 201) throw new Error(`upload answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** A download with its bytes. */
export async function download(
  api: Api,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ status: number; headers: Headers; bytes: Buffer }> {
  const response = await fetch(new URL(path, api.url), {
    method,
    headers: { authorization: `Bearer ${api.token}`, ...headers },
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}
