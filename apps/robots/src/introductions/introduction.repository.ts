import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What a robot is asked to tell about itself; the words of decision B8. */
export type IntroductionKind = 'identify' | 'report_capability';

export interface Introduction {
  readonly robotId: string;
  readonly kind: IntroductionKind;
}

/** An identity that came with the robot's return is as good as one asked for. */
const IDENTITY_IS_FRESH = `(
  r."identityReceivedAt" IS NOT NULL
  AND r."identityReceivedAt" > now() - interval '24 hours'
  AND (r."backOnlineAt" IS NULL OR r."identityReceivedAt" >= r."backOnlineAt" - interval '60 seconds'))`;

const CAPABILITY_IS_FRESH = `(
  r."capabilityReceivedAt" IS NOT NULL
  AND r."capabilityReceivedAt" > now() - interval '24 hours'
  AND r."capabilityFirmwareVersion" IS NOT DISTINCT FROM r."firmwareVersion")`;

/** At most once a minute, answered or not; half as often after each request without an answer, down to once an hour. */
function mayAsk(subject: 'identity' | 'capability'): string {
  const unanswered = `LEAST(GREATEST(r."${subject}Requests", 1), 10)`;
  return `(r."${subject}RequestedAt" IS NULL OR r."${subject}RequestedAt" <= now()
    - LEAST(interval '1 hour', interval '1 minute' * power(2, ${unanswered} - 1)))`;
}

@Injectable()
export class IntroductionRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Marks who is to be asked now, and for what: identity first, capability once identity is there. The mark is set in the
   * row before anybody asks, so that replicas never ask twice. `robotIds` limits it to a few; `undefined` means all.
   */
  async claim(robotIds: readonly string[] | undefined, limit: number): Promise<readonly Introduction[]> {
    const [rows] = await this.dataSource.query<readonly [readonly Introduction[], number]>(
      `WITH due AS MATERIALIZED (
         SELECT r."robotId", CASE WHEN ${IDENTITY_IS_FRESH} THEN 'report_capability' ELSE 'identify' END AS "kind"
         FROM "robots"."robots" r
         WHERE r."presence" = 'online' AND ($1::text[] IS NULL OR r."robotId" = ANY($1::text[]))
           AND CASE WHEN ${IDENTITY_IS_FRESH} THEN NOT ${CAPABILITY_IS_FRESH} AND ${mayAsk('capability')}
                    ELSE ${mayAsk('identity')} END
         ORDER BY r."robotId" LIMIT $2
         FOR NO KEY UPDATE SKIP LOCKED)
       UPDATE "robots"."robots" t SET
         "identityRequestedAt" = CASE WHEN due."kind" = 'identify' THEN now() ELSE t."identityRequestedAt" END,
         "identityRequests" = t."identityRequests" + CASE WHEN due."kind" = 'identify' THEN 1 ELSE 0 END,
         "capabilityRequestedAt" = CASE WHEN due."kind" = 'identify' THEN t."capabilityRequestedAt" ELSE now() END,
         "capabilityRequests" = t."capabilityRequests" + CASE WHEN due."kind" = 'identify' THEN 0 ELSE 1 END
       FROM due WHERE t."robotId" = due."robotId"
       RETURNING t."robotId", due."kind"`,
      [robotIds, limit],
    );
    return rows;
  }
}
