import { MAX_REPLY_BYTES } from '#libs/contracts';

/** As many items from the start as fit into one reply of the broker, and one in any case. */
export function fitting<T>(items: readonly T[]): readonly T[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    return bytes > MAX_REPLY_BYTES && index > 0;
  });
  return end === -1 ? items : items.slice(0, end);
}
