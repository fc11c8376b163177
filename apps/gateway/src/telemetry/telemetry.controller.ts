import { Readable } from 'node:stream';
import { Controller, Headers, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, type RobotReportDto, ROUTES, type SampleDto } from '#libs/contracts';
import { Endpoint } from '../http/route.decorator.js';
import { planBuckets } from './bucket.plan.js';
import { EXPORT_EXAMPLES } from './export.example.js';
import { type SampleWriter, writerOf } from './export.format.js';
import { invalid, parseDuration, toTimeRange } from './interval.js';
import {
  BucketResponse,
  BucketsQuery,
  ExportQuery,
  RangeQuery,
  SampleResponse,
  TelemetryResponse,
} from './telemetry.dto.js';
import { TelemetryReader } from './telemetry.reader.js';

/** About one page of samples waits for a client that reads slowly; the walk stands still meanwhile. */
const EXPORT_BUFFER_BYTES = 65_536;

@ApiTags('telemetry')
@Controller()
export class TelemetryController {
  constructor(private readonly telemetry: TelemetryReader) {}

  @Endpoint(ROUTES.telemetryLatest, {
    response: TelemetryResponse,
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND', 'TELEMETRY_NOT_FOUND'],
  })
  async latest(@Param('robotId') robotId: string): Promise<RobotReportDto> {
    return this.telemetry.latest(robotId);
  }

  @Endpoint(ROUTES.telemetryRange, {
    response: [SampleResponse],
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND', 'CURSOR_INVALID'],
  })
  async range(
    @Param('robotId') robotId: string,
    @Query() query: RangeQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly SampleDto[]> {
    const { limit, order = 'desc', after } = query;
    const asked = { ...toTimeRange(query, new Date()), limit, order };
    const { samples, next } = await this.telemetry.range({ robotId, ...asked, ...(after && { after }) });
    if (next !== null) {
      const parameters = new URLSearchParams({ ...asked, limit: String(limit), after: next });
      const path = ROUTES.telemetryRange.path.replace(':robotId', robotId);
      reply.header(HTTP_HEADERS.nextCursor, next).header('link', `<${path}?${parameters.toString()}>; rel="next"`);
    }
    return samples;
  }

  @Endpoint(ROUTES.telemetryBuckets, { response: [BucketResponse], errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND'] })
  async buckets(@Param('robotId') robotId: string, @Query() query: BucketsQuery): Promise<readonly BucketResponse[]> {
    const { fields, agg: aggregate = 'avg' } = query;
    const bucketMs = parseDuration(query.bucket) ?? 0;
    const { parts, bucketCount, maxBuckets } = planBuckets(toTimeRange(query, new Date()), bucketMs, fields);
    if (bucketCount > maxBuckets) {
      throw invalid(
        'bucket',
        `that is ${String(bucketCount)} buckets of at most ${String(maxBuckets)}: use longer ones`,
      );
    }
    return this.telemetry.buckets({ robotId, bucketMs, aggregate, fields }, parts);
  }

  @Endpoint(ROUTES.telemetryExport, {
    content: EXPORT_EXAMPLES,
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND'],
  })
  async export(
    @Param('robotId') robotId: string,
    @Query() query: ExportQuery,
    @Headers('accept') accept = '',
  ): Promise<StreamableFile> {
    const range = toTimeRange(query, new Date());
    const format = query.format ?? (accept.includes('ndjson') ? 'ndjson' : 'csv');
    const writer = writerOf(format, query.fields);
    const pages = await this.telemetry.walk(robotId, range);
    const name = `telemetry-${robotId}-${range.from}-${range.to}.${format}`.replaceAll(':', '');
    const body = Readable.from(textOf(writer, pages), { objectMode: false, highWaterMark: EXPORT_BUFFER_BYTES });
    return new StreamableFile(body, { type: writer.mediaType, disposition: `attachment; filename="${name}"` });
  }
}

/** A client that goes away ends this generator, and with it the walk. */
async function* textOf(writer: SampleWriter, pages: AsyncIterable<readonly SampleDto[]>): AsyncGenerator<string> {
  if (writer.header !== '') yield writer.header;
  for await (const samples of pages) if (samples.length > 0) yield writer.lines(samples);
}
