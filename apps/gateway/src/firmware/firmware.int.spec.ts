import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { Api } from '../../../../test/support/api.js';
import { binaryOf, download, publish, send, sha256 } from '../../../../test/support/firmware.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

let stage: MallStage;
let admin: Api;
let viewer: Api;

beforeAll(async () => {
  stage = await MallStage.open({ FIRMWARE_MAX_BYTES: '4194304' });
  admin = await stage.as('admin');
  viewer = await stage.as('viewer');
}, 60_000);

afterAll(() => stage.close());

const DOCUMENTED = [
  'firmware_id',
  'version',
  'target',
  'device_type',
  'channel',
  'release_date',
  'size_bytes',
  'checksum',
  'download_url',
  'fallback_url',
  'release_notes',
  'changelog',
  'compatible_hardware',
  'min_previous_version',
];

it('ORC-037 ORC-038 publishes a file and describes it with all documented fields', async () => {
  const file = binaryOf(524_288);
  const published = await publish(
    admin,
    {
      version: '0.2.0',
      release_notes: 'https://github.com/navign/navign/releases/tag/v0.2.0',
      changelog: '["Fixed nonce expiration bug","Improved BLE range"]',
      compatible_hardware: 'esp32c3-rev3,esp32c3-rev4',
      min_previous_version: '0.1.5',
    },
    file,
  );
  await publish(admin, { version: '0.1.9' });
  await publish(admin, { version: '0.3.0', channel: 'beta' });
  const { status, body } = await viewer.get('/api/firmware/latest?target=esp32c3&device_type=beacon&channel=stable');
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(expect.arrayContaining(DOCUMENTED));
  expect(body).toEqual(published);
  expect(body).toMatchObject({
    firmware_id: 'fw-beacon-v020',
    version: '0.2.0',
    target: 'esp32c3',
    device_type: 'beacon',
    channel: 'stable',
    size_bytes: 524_288,
    checksum: sha256(file),
    download_url: `${stage.url}/api/firmware/fw-beacon-v020/download`,
    changelog: ['Fixed nonce expiration bug', 'Improved BLE range'],
    compatible_hardware: ['esp32c3-rev3', 'esp32c3-rev4'],
    min_previous_version: '0.1.5',
    rollout_strategy: 'all',
    priority: 'normal',
  });
  expect(new Date(body.release_date).toISOString()).toBe(body.release_date);
  expect((await viewer.get('/api/firmwares/latest/esp32c3')).body).toEqual(body);
  expect((await viewer.get('/api/firmware/fw-beacon-v020')).body).toEqual(body);
  expect((await viewer.get('/api/firmware/latest?target=esp32c3&channel=beta')).body.version).toBe('0.3.0');
});

it('ORC-039 ORC-041 ORC-042 downloads what was uploaded, by both links', async () => {
  const { body } = await viewer.get('/api/firmware/latest?target=esp32c3');
  for (const url of [body.download_url, body.fallback_url]) {
    const { status, headers, bytes } = await download(viewer, url);
    expect(status).toBe(200);
    expect(sha256(bytes)).toBe(body.checksum);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toBe('attachment; filename="beacon-v020.bin"');
    expect(headers.get('content-length')).toBe('524288');
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('etag')).toBe(`"${body.checksum}"`);
    expect(headers.get('x-firmware-version')).toBe('0.2.0');
    expect(headers.get('x-firmware-checksum')).toBe(body.checksum);
    expect(headers.get('x-firmware-device')).toBe('esp32c3');
  }
  expect((await fetch(body.download_url)).status).toBe(401);
});

it('ORC-091 signs the file with a key that it publishes', async () => {
  const { body: keys } = await viewer.get('/.well-known/firmware-keys.json');
  const { headers, bytes } = await download(viewer, '/api/firmware/fw-beacon-v020/download');
  const { body } = await viewer.get('/api/firmware/fw-beacon-v020');
  const key = keys.keys.find(({ kid }: { kid: string }) => kid === body.signing_key_id);
  const signature = Buffer.from(body.signature, 'base64');
  expect(verify('sha256', bytes, createPublicKey({ key, format: 'jwk' }), signature)).toBe(true);
  expect(verify('sha256', bytes, key.pem, signature)).toBe(true);
  expect(verify('sha256', bytes.subarray(1), key.pem, signature)).toBe(false);
  expect(headers.get('x-firmware-signature')).toBe(body.signature);
  expect(headers.get('x-signing-key-id')).toBe(body.signing_key_id);
});

describe('a range', () => {
  const PATH = '/api/firmware/fw-beacon-v020/download';

  it('ORC-043 resumes a download', async () => {
    const { body } = await viewer.get('/api/firmware/fw-beacon-v020');
    const first = await download(viewer, PATH, { range: 'bytes=0-1023' });
    const rest = await download(viewer, PATH, { range: 'bytes=1024-', 'if-range': `"${body.checksum}"` });
    expect([first.status, rest.status]).toEqual([206, 206]);
    expect(first.headers.get('content-range')).toBe('bytes 0-1023/524288');
    expect(rest.headers.get('content-range')).toBe('bytes 1024-524287/524288');
    expect(sha256(Buffer.concat([first.bytes, rest.bytes]))).toBe(body.checksum);
  });

  it('is clamped to the file, as the documents’ sample needs it', async () => {
    const { status, headers, bytes } = await download(viewer, PATH, { range: 'bytes=0-1048575' });
    expect([status, bytes.length]).toEqual([206, 524_288]);
    expect(headers.get('content-range')).toBe('bytes 0-524287/524288');
    expect((await download(viewer, PATH, { range: 'bytes=-24' })).headers.get('content-range')).toBe(
      'bytes 524264-524287/524288',
    );
  });

  it('ORC-043 beyond the end is 416 with the size', async () => {
    const { status, headers, bytes } = await download(viewer, PATH, { range: 'bytes=524288-' });
    expect(status).toBe(416);
    expect(headers.get('content-range')).toBe('bytes */524288');
    expect(JSON.parse(bytes.toString())).toMatchObject({ error: { code: 'RANGE_NOT_SATISFIABLE' } });
  });

  it('is ignored when the file is another one than before, or when there are several', async () => {
    const stale = await download(viewer, PATH, { range: 'bytes=0-9', 'if-range': '"sha256:other"' });
    expect([stale.status, stale.bytes.length]).toEqual([200, 524_288]);
    const several = await download(viewer, PATH, { range: 'bytes=0-9,20-29' });
    expect([several.status, several.bytes.length]).toEqual([200, 524_288]);
  });

  it('is not needed by who has the file already, nor by who asks for its headers alone', async () => {
    const head = await download(viewer, PATH, {}, 'HEAD');
    expect([head.status, head.bytes.length, head.headers.get('content-length')]).toEqual([200, 0, '524288']);
    const part = await download(viewer, PATH, { range: 'bytes=0-9' }, 'HEAD');
    expect([part.status, part.headers.get('content-length')]).toEqual([206, '10']);
    const known = await download(viewer, PATH, { 'if-none-match': head.headers.get('etag')! });
    expect([known.status, known.bytes.length]).toEqual([304, 0]);
  });
});

it('ORC-101 knows no firmware that nobody published', async () => {
  for (const path of [
    '/api/firmware/fw-x',
    '/api/firmware/fw-x/download',
    '/api/firmwares/fw-x/download',
    '/api/firmware/latest?target=unknown',
    '/api/firmwares/latest/unknown',
    '/api/firmware/path?target=unknown&from=0.1.0',
  ]) {
    expect(await viewer.get(path)).toMatchObject({ status: 404, body: { error: { code: 'FIRMWARE_NOT_FOUND' } } });
  }
});

it('ORC-108 counts the bytes that it sends', async () => {
  const bytesSent = async (): Promise<number> => {
    const { body } = await viewer.get<string>('/metrics');
    return Number(/^muster_firmware_download_bytes_total (\d+)/m.exec(body)?.[1] ?? 0);
  };
  const before = await bytesSent();
  await download(viewer, '/api/firmware/fw-beacon-v020/download');
  // Counted once the file is closed, which may be after its last byte was read.
  await waitFor(async () => (await bytesSent()) > before);
  expect((await bytesSent()) - before).toBe(524_288);
});

it('plans the steps to the newest version', async () => {
  const line = { target: 'esp32s3' };
  await publish(admin, { ...line, version: '0.1.5' });
  await publish(admin, { ...line, version: '0.2.0', min_previous_version: '0.1.5' });
  const { body } = await viewer.get('/api/firmware/path?target=esp32s3&from=0.1.2');
  expect(body).toMatchObject({ from: '0.1.2', reaches: '0.2.0', steps: [{ version: '0.1.5' }, { version: '0.2.0' }] });
  expect((await viewer.get('/api/firmware/path?target=esp32s3&from=0.2.0')).body).toMatchObject({
    reaches: null,
    steps: [],
  });
  expect((await viewer.get('/api/firmware/path?target=esp32s3&from=newest')).status).toBe(400);
});

describe('an upload', () => {
  it('takes the file before or after the texts', async () => {
    const file = binaryOf(70_000);
    const { status, body } = await send(admin, {
      file,
      fields: { target: 'esp32', version: '1.0.0' },
      fileFirst: true,
    });
    expect([status, body.checksum]).toEqual([201, sha256(file)]);
  });

  it('is the same release again when it is the same file, and refused when it is another', async () => {
    const file = binaryOf(2_000);
    const fields = { target: 'esp32', version: '1.1.0' };
    expect((await send(admin, { file, fields })).status).toBe(201);
    expect((await send(admin, { file, fields })).status).toBe(200);
    const other = await send<any>(admin, { file: binaryOf(2_000), fields });
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'FIRMWARE_EXISTS' } } });
  });

  it.each<[string, number, string, Parameters<typeof send>[1]]>([
    ['without a file', 400, 'VALIDATION_FAILED', { fields: { target: 'esp32', version: '9.0.0' } }],
    ['of nothing', 400, 'VALIDATION_FAILED', { file: binaryOf(0), fields: { target: 'esp32', version: '9.0.0' } }],
    ['without a target', 400, 'VALIDATION_FAILED', { file: binaryOf(10), fields: { version: '9.0.0' } }],
    ['without a version', 400, 'VALIDATION_FAILED', { file: binaryOf(10), fields: { target: 'esp32' } }],
    [
      'of no semantic version',
      400,
      'VALIDATION_FAILED',
      { file: binaryOf(10), fields: { target: 'esp32', version: '0.2' } },
    ],
    [
      'on an unknown channel',
      400,
      'VALIDATION_FAILED',
      { file: binaryOf(10), fields: { target: 'esp32', version: '9.0.0', channel: 'nightly' } },
    ],
    [
      'of another file than announced',
      409,
      'FIRMWARE_HASH_MISMATCH',
      { file: binaryOf(10), fields: { target: 'esp32', version: '9.0.0', checksum: 'a'.repeat(64) } },
    ],
    [
      'that is too large',
      413,
      'PAYLOAD_TOO_LARGE',
      { file: binaryOf(4_194_305), fields: { target: 'esp32', version: '9.0.0' } },
    ],
    [
      'that is much too large',
      413,
      'PAYLOAD_TOO_LARGE',
      { file: binaryOf(20_000_000), fields: { target: 'esp32', version: '9.0.0' } },
    ],
  ])('%s is %i %s, and leaves no file behind', async (_what, status, code, upload) => {
    const answer = await send<any>(admin, upload);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(await loneObjects()).toEqual([]);
  });

  it('of two files is refused', async () => {
    const form = new FormData();
    for (const [name, value] of [
      ['target', 'esp32'],
      ['version', '9.0.0'],
    ] as const)
      form.append(name, value);
    for (const name of ['a.bin', 'b.bin']) form.append('file', new Blob([binaryOf(100_000)]), name);
    const headers = { authorization: `Bearer ${admin.token}` };
    const response = await fetch(`${stage.url}/api/firmwares/upload`, { method: 'POST', headers, body: form });
    expect(response.status).toBe(400);
    expect(await loneObjects()).toEqual([]);
  });

  it('that is no form is 415, and a form where JSON belongs too', async () => {
    expect((await admin.post('/api/firmwares/upload', { version: '1.0.0' })).status).toBe(415);
    const form = new FormData();
    form.append('username', 'x');
    expect((await fetch(`${stage.url}/api/v1/auth/login`, { method: 'POST', body: form })).status).toBe(415);
  });

  it('whose boundary is missing or too long is 400', async () => {
    for (const boundary of ['', `; boundary=${'b'.repeat(300)}`]) {
      const headers = { 'content-type': `multipart/form-data${boundary}` };
      const answer = await admin.send<any>('POST', '/api/firmwares/upload', { rawBody: 'x', headers });
      expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_FAILED']);
    }
  });

  it('is for administrators', async () => {
    expect((await send(viewer, { file: binaryOf(10), fields: { target: 'esp32', version: '9.0.0' } })).status).toBe(
      403,
    );
  });
});

it('leaves nothing of an upload whose client goes away, and nothing open of a download', async () => {
  const { port, hostname } = new URL(stage.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /api/firmwares/upload HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer ${admin.token}\r\n` +
      'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 3000000\r\n\r\n' +
      '--b\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n\r\n',
  );
  socket.write(binaryOf(1_500_000));
  await waitFor(async () => (await loneObjects()).length > 0);
  socket.destroy();
  await waitFor(async () => (await loneObjects()).length === 0);

  const { firmware_id } = await publish(admin, { target: 'esp32c2', version: '1.0.0' }, binaryOf(4_000_000));
  const openFiles = (): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('cache/firmware');
      } catch {
        return false;
      }
    }).length;
  const loading = connect(Number(port), hostname);
  loading.write(
    `GET /api/firmware/${firmware_id}/download HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer ${admin.token}\r\n\r\n`,
  );
  await waitFor(() => openFiles() > 0);
  loading.destroy();
  await waitFor(() => openFiles() === 0);
});

it('lists releases newest first, page by page, and the highest of each line', async () => {
  const first = await viewer.get('/api/firmwares?target=esp32c3&limit=2');
  expect(first.body.map(({ version }: { version: string }) => version)).toEqual(['0.3.0', '0.1.9']);
  const second = await viewer.get(`/api/firmwares?target=esp32c3&limit=2&after=${first.headers.get('x-next-cursor')}`);
  expect(second.body.map(({ version }: { version: string }) => version)).toEqual(['0.2.0']);
  expect(second.headers.get('x-next-cursor')).toBeNull();
  const highest = await viewer.get('/api/firmwares?latest_only=true&device=esp32c3&channel=stable');
  expect(highest.body.map(({ version }: { version: string }) => version)).toEqual(['0.2.0']);
  expect((await viewer.get('/api/firmwares?after=nonsense')).status).toBe(400);
});

it('offers a withdrawn release no more, and lets who has begun to load it go on', async () => {
  const { firmware_id } = await publish(admin, { target: 'esp32c6', version: '2.0.0' });
  const older = await publish(admin, { target: 'esp32c6', version: '1.9.0' });
  expect((await admin.delete(`/api/firmwares/${firmware_id}`)).body.withdrawn_at).toEqual(expect.any(String));
  expect((await viewer.get('/api/firmware/latest?target=esp32c6')).body.firmware_id).toBe(older.firmware_id);
  expect((await download(viewer, `/api/firmware/${firmware_id}/download`)).status).toBe(200);
  expect((await admin.delete('/api/firmwares/fw-none')).status).toBe(404);
});

/** Objects that no row names. */
async function loneObjects(): Promise<string[]> {
  const { FileBucket } = await import('#libs/jetstream');
  const bucket = stage.service('beacons').app.get(FileBucket, { strict: false });
  const rows = await stage.query<{ objectName: string }>(`SELECT "objectName" FROM "beacons"."firmware"`);
  const named = new Set(rows.map(({ objectName }) => objectName));
  const lone = (await bucket.list()).map(({ name }) => name).filter((name) => !named.has(name));
  return [...lone, ...(await bucket.looseChunks()).map(({ subject }) => subject)];
}
