/** What a service answers of a list: as much as fits into one reply. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** A page larger than this ends early, whatever its limit says. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Asks for parts until a page of `limit` items is full or the list is over. */
export async function wholePage<Item>(
  { limit, after }: { readonly limit: number; readonly after?: string },
  ask: (limit: number, after: string | undefined) => Promise<Part<Item>>,
): Promise<Part<Item>> {
  const items: Item[] = [];
  let next: string | null | undefined = after;
  let sizeBytes = 0;
  do {
    const part: Part<Item> = await ask(limit - items.length, next ?? undefined);
    items.push(...part.items);
    sizeBytes += part.items.reduce((sum, item) => sum + JSON.stringify(item).length, 0);
    next = part.next;
  } while (next !== null && items.length < limit && sizeBytes < MAX_PAGE_BYTES);
  return { items, next };
}
