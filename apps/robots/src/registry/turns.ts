/** Lets work of the same key run one after the other, in the order in which it was given; other keys do not wait. */
export class Turns {
  /** Key → the end of the last work given for it; as many as there are under way. */
  private readonly tails = new Map<string, Promise<unknown>>();

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.tails.get(key) ?? Promise.resolve()).then(work, work);
    this.tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key);
    }
  }
}
