import { PasswordHasher } from './password-hasher.js';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();

  it('stores argon2id with a salt of its own each time', async () => {
    const [first, second] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
    expect(first).not.toBe(second);
  });

  it('accepts the password and nothing else', async () => {
    const digest = await hasher.hash('correct horse');
    await expect(hasher.verify(digest, 'correct horse')).resolves.toBe(true);
    await expect(hasher.verify(digest, 'correct horse ')).resolves.toBe(false);
  });

  it('an unknown user never fits and costs a real verification', async () => {
    const startedAt = performance.now();
    await expect(hasher.verify(undefined, 'anything')).resolves.toBe(false);
    expect(performance.now() - startedAt).toBeGreaterThan(2);
  });

  it('a flood is refused instead of queued without end', async () => {
    const flood = Array.from({ length: 210 }, () => hasher.verify(undefined, 'x'));
    const outcomes = await Promise.allSettled(flood);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(8);
    expect(refused[0]).toMatchObject({ reason: { code: 'OVERLOADED' } });
    await expect(hasher.verify(undefined, 'x')).resolves.toBe(false);
  });
});
