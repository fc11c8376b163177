/**
 * Callers of one turn of the event loop share a read. It begins when all of them have asked, so nobody gets what was read
 * before its question.
 */
export class SharedReads<Value> {
  /** Key → the read that has not begun. */
  private readonly asked = new Map<string, Promise<Value>>();

  ask(key: string, read: () => Promise<Value>): Promise<Value> {
    const shared = this.asked.get(key) ?? this.begin(key, read);
    this.asked.set(key, shared);
    return shared;
  }

  private async begin(key: string, read: () => Promise<Value>): Promise<Value> {
    await new Promise((resolve) => setImmediate(resolve));
    this.asked.delete(key);
    return read();
  }
}
