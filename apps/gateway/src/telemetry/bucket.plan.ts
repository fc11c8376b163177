import { MAX_REPLY_BYTES, type TimeRange } from '#libs/contracts';

const MAX_BUCKETS = 10_000;
const MAX_VALUES = 50_000;
/** JSON of a bucket without its values, and of a value without its path, at most. */
const BUCKET_BYTES = 110;
const VALUE_BYTES = 28;

export interface BucketPlan {
  /** Oldest first; each is small enough for one reply, and no bucket lies in two of them. */
  readonly parts: readonly TimeRange[];
  readonly bucketCount: number;
  readonly maxBuckets: number;
}

/** Cuts an interval where buckets begin (they are aligned to 1970-01-01 UTC), so that every reply stays small. */
export function planBuckets({ from, to }: TimeRange, bucketMs: number, fields: readonly string[]): BucketPlan {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const firstBucket = Math.floor(fromMs / bucketMs);
  const bucketCount = Math.ceil(toMs / bucketMs) - firstBucket;
  const maxBuckets = Math.min(MAX_BUCKETS, Math.floor(MAX_VALUES / Math.max(1, fields.length)));
  if (bucketCount > maxBuckets) return { parts: [], bucketCount, maxBuckets };
  const perReply = Math.max(1, Math.floor(MAX_REPLY_BYTES / bytesOf(fields)));
  const parts: TimeRange[] = [];
  for (let startMs = fromMs, bucket = firstBucket; startMs < toMs;) {
    bucket += perReply;
    const endMs = Math.min(toMs, bucket * bucketMs);
    parts.push({ from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString() });
    startMs = endMs;
  }
  return { parts, bucketCount, maxBuckets };
}

function bytesOf(fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + VALUE_BYTES + Buffer.byteLength(JSON.stringify(field)), BUCKET_BYTES);
}
