const POLL_MS = 20;
const DEFAULT_TIMEOUT_MS = 15_000;

/**
 * Asks `condition` until it answers something true and returns that; a condition that throws counts as not yet.
 * @throws Error with the last failure after `timeoutMs`.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = 'it stayed false';
  while (Date.now() < deadline) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<Exclude<T, false>>;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`The condition did not come true within ${timeoutMs} ms: ${String(last)}\n${condition.toString()}`);
}
