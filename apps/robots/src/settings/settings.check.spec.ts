import { MusterError } from '#libs/contracts';
import { MAX_DESIRED_BYTES, requireDesiredSize, requireSchema } from './settings.check.js';

const failureOf = (act: () => void): unknown => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof MusterError ? { code: error.code, details: error.details, message: error.message } : error;
  }
};

describe('checks of desired settings', () => {
  const padded = (sizeBytes: number): { a: string } => ({ a: 'x'.repeat(sizeBytes - '{"a":""}'.length) });

  it('takes 64 KiB and refuses one byte more, saying how large it is', () => {
    expect(failureOf(() => requireDesiredSize('RB-1', padded(MAX_DESIRED_BYTES)))).toBeUndefined();
    expect(failureOf(() => requireDesiredSize('RB-1', padded(MAX_DESIRED_BYTES + 1)))).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringContaining('65537 bytes'),
      details: { sizeBytes: 65_537, maxBytes: 65_536 },
    });
  });

  it('refuses what nests too deep', () => {
    const deep: unknown = JSON.parse('['.repeat(65) + ']'.repeat(65));
    expect(failureOf(() => requireDesiredSize('RB-1', { deep }))).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('names the paths that do not fit the schema of the robot', () => {
    const schema = { type: 'object', properties: { speed: { type: 'number', maximum: 2 } }, 'x-unit': 'm/s' };
    expect(failureOf(() => requireSchema('RB-1', schema, { speed: 2 }))).toBeUndefined();
    expect(failureOf(() => requireSchema('RB-1', schema, { speed: 3 }))).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { problems: [{ path: 'payload/speed', message: 'must be <= 2' }] },
    });
  });

  it.each([undefined, null, 5, 'x', [], { type: 'nonsense' }, { pattern: '(' }])('lets %j check nothing', (schema) => {
    expect(failureOf(() => requireSchema('RB-1', schema, { a: 1 }))).toBeUndefined();
  });
});
