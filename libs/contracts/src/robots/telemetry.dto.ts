import type { RobotReportDto } from './robots.dto.js';

export const AGGREGATES = ['avg', 'min', 'max', 'last', 'count'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** A half-open interval of broker time, ISO 8601. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

export interface SampleDto extends RobotReportDto {
  readonly sampleId: string;
  readonly sentAt: string;
  readonly messageId: string;
}

export interface SampleQuery extends TimeRange {
  readonly robotId: string;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** `next` of the page before. */
  readonly after?: string;
}

export interface SamplePage {
  readonly samples: readonly SampleDto[];
  readonly next: string | null;
}

export interface BucketQuery extends TimeRange {
  readonly robotId: string;
  readonly bucketMs: number;
  readonly aggregate: Aggregate;
  /** Dotted paths into the payload, as `position.x`. */
  readonly fields: readonly string[];
}

export interface BucketDto {
  readonly bucketStart: string;
  readonly count: number;
  /** Path → aggregate of the numbers found there; null where there was none. */
  readonly values: Readonly<Record<string, number | null>>;
}
