import { Gauge, Histogram } from 'prom-client';

const batchSizes = new Histogram({
  name: 'muster_batch_items',
  help: 'Items per group commit.',
  labelNames: ['batch'],
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
});

/** Key: the batch's name; the newest queue of that name is shown. */
const queues = new Map<string, () => number>();

new Gauge({
  name: 'muster_batch_waiting_items',
  help: 'Items waiting for their group commit.',
  labelNames: ['batch'],
  collect() {
    for (const [batch, length] of queues) {
      this.set({ batch }, length());
    }
  },
});

/** Counts a batch that starts. */
export function countBatch(batch: string, items: number): void {
  batchSizes.observe({ batch }, items);
}

/** Shows a queue's length whenever metrics are scraped. */
export function observeQueue(batch: string, length: () => number): void {
  queues.set(batch, length);
}
