import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { createHash } from 'node:crypto';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { seededRandom } from '../../world/random.js';
import { encryptBatch } from './access.log.js';
import { BeaconDoor } from './beacon.door.js';
import { SimulatedBeacon, type UpdateStep } from './simulated.beacon.js';

const clock = new ManualClock();
const beacon = (failureRate = 0, seed = 1): SimulatedBeacon =>
  new SimulatedBeacon({
    deviceId: 'aabbccddeeff00112233',
    areaId: 'area-1',
    x: 1,
    y: 2,
    firmwareVersion: '0.1.8',
    clock,
    random: seededRandom(seed),
    failureRate,
  });

describe('the door for beacons', () => {
  const one = beacon();
  const doorOf = (): BeaconDoor => new BeaconDoor((id) => (id === one.deviceId ? one.publicKeyPem : undefined), clock);

  it('ORC-081 lets a beacon in that signs its nonce, once', () => {
    const door = doorOf();
    const { nonce, timestampS } = door.challenge(one.deviceId)!;
    const proof = { deviceId: one.deviceId, nonce, timestampS, signature: one.prove(nonce, timestampS) };
    expect(door.admit(proof)).toBe('admitted');
    expect(door.admit(proof)).toBe('unknown_nonce');
  });

  it('ORC-081 refuses the eleventh request in a minute, and goes on in the next', () => {
    const door = doorOf();
    for (let n = 0; n < 10; n++) expect(door.challenge(one.deviceId)).toBeDefined();
    expect(door.challenge(one.deviceId)).toBeUndefined();
    clock.advance(60_000);
    expect(door.challenge(one.deviceId)).toBeDefined();
  });

  it('refuses another key, another device and a nonce that is too old', () => {
    const door = doorOf();
    const { nonce, timestampS } = door.challenge(one.deviceId)!;
    const forged = beacon(0, 2).prove(nonce, timestampS);
    expect(door.admit({ deviceId: one.deviceId, nonce, timestampS, signature: forged })).toBe('wrong_signature');
    const later = door.challenge(one.deviceId)!;
    clock.advance(60_000);
    const late = one.prove(later.nonce, later.timestampS);
    expect(door.admit({ deviceId: one.deviceId, ...later, signature: late })).toBe('unknown_nonce');
  });
});

describe('a simulated beacon', () => {
  const bytes = Buffer.from('firmware');
  const offered = {
    firmwareId: 'fw-1',
    version: '0.2.0',
    checksum: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    rolloutId: null,
  };
  async function* read(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }

  it('takes new firmware step by step', async () => {
    const [one, steps] = [beacon(), [] as UpdateStep[]];
    await one.update(offered, read, (step) => steps.push(step));
    expect(steps.map(({ status }) => status)).toEqual(['downloading', 'verifying', 'installing', 'success']);
    expect(one.firmwareVersion).toBe('0.2.0');
  });

  it('notices a damaged file, and rolls back what does not boot', async () => {
    const [one, steps] = [beacon(), [] as UpdateStep[]];
    await one.update({ ...offered, checksum: 'sha256:0' }, read, (step) => steps.push(step));
    expect(steps.at(-1)).toMatchObject({ status: 'failed', error: 'checksum_mismatch' });
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const unlucky = beacon(0.5, seed);
      await unlucky.update(offered, read, (step) => outcomes.add(`${step.status} ${step.error ?? ''}`));
      if (!outcomes.has('success ')) expect(unlucky.firmwareVersion).toBe('0.1.8');
    }
    expect([...outcomes]).toEqual(
      expect.arrayContaining(['rolled_back boot_failed', 'failed download_failed', 'success ']),
    );
  });

  it('ORC-092 has its access logs encrypted before upload', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const logs = [beacon().admitSomebody()];
    const envelope = encryptBatch({ logs }, publicKey.export({ type: 'spki', format: 'pem' }).toString());
    expect(JSON.stringify(envelope)).not.toContain('user-');
    const oaep = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const [sealed, key, iv, tag] = ['encryptedData', 'encryptedKey', 'iv', 'authTag'].map((name) =>
      Buffer.from(envelope[name]!, 'base64'),
    );
    const decipher = createDecipheriv('aes-256-gcm', privateDecrypt(oaep, key!), iv!).setAuthTag(tag!);
    const text = Buffer.concat([decipher.update(sealed!), decipher.final()]).toString();
    expect(JSON.parse(text)).toEqual({ logs });
  });
});
