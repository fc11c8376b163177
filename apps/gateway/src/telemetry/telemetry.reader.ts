import { Injectable } from '@nestjs/common';
import {
  type BucketDto,
  type BucketQuery,
  MusterError,
  requireRobotId,
  ROBOTS_REQUESTS,
  type RobotReportDto,
  type SampleDto,
  type SamplePage,
  type SampleQuery,
  TELEMETRY_REQUESTS,
  type TimeRange,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';

/** Pages of one answer at most: they wait in memory until it is complete. */
const MAX_PAGES_AT_ONCE = 10;
/** Samples that are asked for at once; the reply's size limit is reached first. */
const WALK_LIMIT = 1_000;

/** Asks the telemetry service, and the registry where there is nothing to tell whether the robot is known at all. */
@Injectable()
export class TelemetryReader {
  constructor(private readonly rpc: RpcClient) {}

  /** @throws MusterError `ROBOT_NOT_FOUND`, or `TELEMETRY_NOT_FOUND` for a robot that sent none. */
  async latest(robotId: string): Promise<RobotReportDto> {
    try {
      return await this.rpc.ask(TELEMETRY_REQUESTS.latest, { robotId: requireRobotId(robotId) });
    } catch (error) {
      if (error instanceof MusterError && error.code === 'TELEMETRY_NOT_FOUND') await this.requireRobot(robotId);
      throw error;
    }
  }

  /** Up to `limit` samples; fewer, with `next`, when they are large. @throws MusterError `ROBOT_NOT_FOUND` */
  async range(query: SampleQuery): Promise<SamplePage> {
    const samples: SampleDto[] = [];
    let page = await this.firstPage(query);
    samples.push(...page.samples);
    for (let pages = 1; page.next !== null && samples.length < query.limit && pages < MAX_PAGES_AT_ONCE; pages++) {
      page = await this.page({ ...query, limit: query.limit - samples.length, after: page.next });
      samples.push(...page.samples);
    }
    return { samples, next: page.next };
  }

  /** All samples of an interval, oldest first, a page at a time. The first page is asked for before this returns. */
  async walk(robotId: string, range: TimeRange): Promise<AsyncGenerator<readonly SampleDto[]>> {
    const query = { robotId, ...range, limit: WALK_LIMIT, order: 'asc' } as const;
    return this.pagesFrom(query, await this.firstPage(query));
  }

  /** The buckets of all parts, oldest first. @throws MusterError `ROBOT_NOT_FOUND` */
  async buckets(query: Omit<BucketQuery, keyof TimeRange>, parts: readonly TimeRange[]): Promise<BucketDto[]> {
    requireRobotId(query.robotId);
    const found: BucketDto[] = [];
    for (const part of parts) {
      const { buckets } = await this.rpc.ask(TELEMETRY_REQUESTS.buckets, { ...query, ...part });
      found.push(...buckets);
    }
    if (found.length === 0) await this.requireRobot(query.robotId);
    return found;
  }

  private async *pagesFrom(query: SampleQuery, first: SamplePage): AsyncGenerator<readonly SampleDto[]> {
    let page = first;
    yield page.samples;
    while (page.next !== null) {
      page = await this.page({ ...query, after: page.next });
      yield page.samples;
    }
  }

  private async firstPage(query: SampleQuery): Promise<SamplePage> {
    requireRobotId(query.robotId);
    const page = await this.page(query);
    if (page.samples.length === 0) await this.requireRobot(query.robotId);
    return page;
  }

  private page(query: SampleQuery): Promise<SamplePage> {
    return this.rpc.ask(TELEMETRY_REQUESTS.range, query);
  }

  private async requireRobot(robotId: string): Promise<void> {
    const [robot] = await this.rpc.ask(ROBOTS_REQUESTS.dispatchability, { robotIds: [robotId] });
    if (robot?.exists === true) return;
    throw new MusterError('ROBOT_NOT_FOUND', `There is no robot "${robotId}".`, { robotId });
  }
}
