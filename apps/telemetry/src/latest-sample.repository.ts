import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { JsonObject, RobotReportDto } from '#libs/contracts';
import { unnest } from '#libs/database';
import type { Day } from './partition.calendar.js';
import type { NewSample } from './sample.repository.js';

interface LatestRow {
  readonly robotId: string;
  readonly receivedAt: Date;
  readonly payload: JsonObject;
}

const FIELDS = `"robotId", "sampleId", "receivedAt", "payloadJson" -> 'payload' AS payload`;

/** The newest sample of each robot. Kept apart only for samples that the time series leaves out. */
@Injectable()
export class LatestSampleRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Keeps the newest of each robot by stream position. Rows go in the same order everywhere, so that none deadlock. */
  async remember(samples: readonly NewSample[]): Promise<void> {
    const rows = unnest(newestPerRobot(samples), {
      robotId: { type: 'text', value: (sample) => sample.robotId },
      sampleId: { type: 'uuid', value: (sample) => sample.sampleId },
      payloadJson: { type: 'jsonb', value: (sample) => sample.text },
      receivedAt: { type: 'timestamptz', value: (sample) => sample.receivedAt },
    });
    await this.dataSource.query(
      `INSERT INTO "telemetry"."robot_latest_samples" AS kept ("robotId", "sampleId", "payloadJson", "receivedAt")
       SELECT r."robotId", r."sampleId", r."payloadJson", r."receivedAt" FROM ${rows.sql}
       ON CONFLICT ("robotId") DO UPDATE SET
         "sampleId" = excluded."sampleId",
         "payloadJson" = excluded."payloadJson",
         "receivedAt" = excluded."receivedAt"
       WHERE kept."sampleId" < excluded."sampleId"`,
      [...rows.parameters],
    );
  }

  /** The newest sample of a robot, from the newest partition back. */
  async find(robotId: string): Promise<RobotReportDto | undefined> {
    const [row] = await this.dataSource.query<readonly LatestRow[]>(
      `(SELECT ${FIELDS} FROM "telemetry"."robot_telemetry_samples" WHERE "robotId" = $1
        ORDER BY "receivedAt" DESC, "sampleId" DESC LIMIT 1)
       UNION ALL
       (SELECT ${FIELDS} FROM "telemetry"."robot_latest_samples" WHERE "robotId" = $1)
       ORDER BY "sampleId" DESC LIMIT 1`,
      [robotId],
    );
    return row && { robotId: row.robotId, receivedAt: row.receivedAt.toISOString(), payload: row.payload };
  }

  /** Forgets robots that were silent for longer than samples are kept. */
  async dropBefore(day: Day): Promise<void> {
    await this.dataSource.query(`DELETE FROM "telemetry"."robot_latest_samples" WHERE "receivedAt" < $1`, [
      `${day}T00:00:00Z`,
    ]);
  }
}

function newestPerRobot(samples: readonly NewSample[]): NewSample[] {
  const newest = new Map<string, NewSample>();
  for (const sample of samples) {
    const known = newest.get(sample.robotId);
    if (known === undefined || known.sampleId < sample.sampleId) newest.set(sample.robotId, sample);
  }
  return [...newest.values()].toSorted((one, other) => (one.robotId < other.robotId ? -1 : 1));
}
