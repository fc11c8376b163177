import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RolloutDeviceState, RolloutPlanDto, RolloutReason, RolloutStatus } from '#libs/contracts';
import type { GroupCounts, RolloutState } from './rollout.machine.js';

/** A rollout as it is stored; groups count from 0. */
export interface Rollout {
  readonly rolloutId: string;
  readonly firmwareId: string;
  readonly status: RolloutStatus;
  readonly reason: RolloutReason | null;
  readonly planJson: RolloutPlanDto;
  readonly entityIds: readonly string[] | null;
  readonly activeGroup: number;
  readonly gateHeldSince: Date | null;
  readonly forgivenFailures: number;
  /** The greatest order of each group; null until it is prepared, empty while it waits for its first device. */
  readonly lastOrders: readonly (string | null)[] | null;
  readonly preparedUpTo: DevicePlace | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** A beacon's place in the list of all. */
export interface DevicePlace {
  readonly entityId: string;
  readonly beaconId: string;
}

export type NewRollout = Pick<Rollout, 'rolloutId' | 'firmwareId' | 'planJson' | 'entityIds' | 'createdBy'> & {
  readonly requestKey: string | null;
};

/** How many devices of a group are in a state. */
export interface StateCount {
  readonly rolloutId: string;
  readonly group: number;
  readonly state: RolloutDeviceState;
  readonly count: number;
}

const FINAL: readonly RolloutStatus[] = ['finished', 'aborted', 'rolled_back'];
const OPEN_STATES: readonly RolloutDeviceState[] = ['waiting', 'offered', 'updating'];

/** Whether a rollout has found no device yet: its groups are made as soon as there is one, and no gate is passed by nobody. */
export function isAwaitingDevices({ status, lastOrders }: Rollout): boolean {
  return status === 'preparing' && lastOrders?.length === 0;
}

/** Stores a new rollout; answers whether it is new, which it is not when its request was stored before. */
export async function insertRollout(tx: EntityManager, rollout: NewRollout): Promise<boolean> {
  const { rolloutId, firmwareId, planJson, entityIds, createdBy, requestKey } = rollout;
  const rows = await tx.query<readonly unknown[]>(
    `INSERT INTO "beacons"."rollouts"
       ("rolloutId", "firmwareId", "requestKey", "status", "planJson", "entityIds", "createdBy")
     VALUES ($1, $2, $3, 'preparing', $4::jsonb, $5::text[], $6)
     ON CONFLICT ("requestKey") DO NOTHING RETURNING 1`,
    [rolloutId, firmwareId, requestKey, JSON.stringify(planJson), entityIds, createdBy],
  );
  return rows.length > 0;
}

/** Holds a rollout until the end of the transaction; `skip` answers undefined at once when somebody else does. */
export async function lockRollout(
  tx: EntityManager,
  rolloutId: string,
  { skip }: { readonly skip: boolean },
): Promise<Rollout | undefined> {
  const [rollout] = await tx.query<readonly Rollout[]>(
    `SELECT * FROM "beacons"."rollouts" WHERE "rolloutId" = $1 FOR NO KEY UPDATE ${skip ? 'SKIP LOCKED' : ''}`,
    [rolloutId],
  );
  return rollout;
}

export async function storeRolloutState(tx: EntityManager, rolloutId: string, state: RolloutState): Promise<void> {
  const { status, reason, activeGroup, gateHeldSinceMs, forgivenFailures } = state;
  const since = gateHeldSinceMs === null ? null : new Date(gateHeldSinceMs);
  await tx.query(
    `UPDATE "beacons"."rollouts"
     SET "status" = $2, "reason" = $3, "activeGroup" = $4, "gateHeldSince" = $5, "forgivenFailures" = $6,
         "updatedAt" = now(), "finishedAt" = CASE WHEN $2 = ANY($7::text[]) THEN now() END
     WHERE "rolloutId" = $1`,
    [rolloutId, status, reason, activeGroup, since, forgivenFailures, FINAL],
  );
}

export async function storePreparation(
  tx: EntityManager,
  rolloutId: string,
  { preparedUpTo, lastOrders }: Pick<Rollout, 'preparedUpTo' | 'lastOrders'>,
): Promise<void> {
  await tx.query(
    `UPDATE "beacons"."rollouts" SET "preparedUpTo" = $2::jsonb, "lastOrders" = $3::text[], "updatedAt" = now()
     WHERE "rolloutId" = $1`,
    [rolloutId, preparedUpTo === null ? null : JSON.stringify(preparedUpTo), lastOrders],
  );
}

/** What happened to a rollout, for the people who ask later. */
export async function recordRolloutEvent(
  tx: EntityManager,
  rolloutId: string,
  event: { readonly kind: string; readonly by: string; readonly detail: object | null },
): Promise<void> {
  await tx.query(
    `INSERT INTO "beacons"."rollout_events" ("rolloutId", "kind", "by", "detailJson") VALUES ($1, $2, $3, $4::jsonb)`,
    [rolloutId, event.kind, event.by, event.detail === null ? null : JSON.stringify(event.detail)],
  );
}

/** Devices of one group as the machine counts them. */
export async function countGroup(tx: EntityManager, rolloutId: string, group: number): Promise<GroupCounts> {
  const [counts] = await tx.query<readonly GroupCounts[]>(
    `SELECT count(*) FILTER (WHERE "state" = ANY($3::text[])) AS "open",
            count(*) FILTER (WHERE "state" = 'succeeded') AS "succeeded",
            count(*) FILTER (WHERE "state" IN ('failed', 'rolled_back')) AS "failed"
     FROM "beacons"."rollout_devices" WHERE "rolloutId" = $1 AND "group" = $2`,
    [rolloutId, group, OPEN_STATES],
  );
  return counts ?? { open: 0, succeeded: 0, failed: 0 };
}

@Injectable()
export class RolloutRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(rolloutId: string): Promise<Rollout | undefined> {
    const [rollout] = await this.dataSource.query<readonly Rollout[]>(
      `SELECT * FROM "beacons"."rollouts" WHERE "rolloutId" = $1`,
      [rolloutId],
    );
    return rollout;
  }

  async findByRequest(requestKey: string): Promise<Rollout | undefined> {
    const [rollout] = await this.dataSource.query<readonly Rollout[]>(
      `SELECT * FROM "beacons"."rollouts" WHERE "requestKey" = $1`,
      [requestKey],
    );
    return rollout;
  }

  /** The rollout that decides about a firmware: the newest. */
  async newestOf(firmwareId: string): Promise<Rollout | undefined> {
    const [rollout] = await this.dataSource.query<readonly Rollout[]>(
      `SELECT * FROM "beacons"."rollouts" WHERE "firmwareId" = $1 ORDER BY "createdAt" DESC, "rolloutId" DESC LIMIT 1`,
      [firmwareId],
    );
    return rollout;
  }

  /** Has a rollout that waits for its first device count its devices again. */
  async countAgain(rolloutId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE "beacons"."rollouts" SET "lastOrders" = NULL
       WHERE "rolloutId" = $1 AND "status" = 'preparing' AND "lastOrders" = '{}'`,
      [rolloutId],
    );
  }

  /** Ids of the rollouts that something has to be done for. */
  async busy(): Promise<readonly string[]> {
    const rows = await this.dataSource.query<readonly { rolloutId: string }[]>(
      `SELECT "rolloutId" FROM "beacons"."rollouts" WHERE "status" IN ('preparing', 'running', 'rolling_back') AND "lastOrders" IS DISTINCT FROM '{}'
       ORDER BY "rolloutId"`,
    );
    return rows.map(({ rolloutId }) => rolloutId);
  }

  /** Newest first, after a place. */
  list(
    filter: { readonly status: string | null; readonly firmwareId: string | null },
    after: { readonly createdAt: string; readonly rolloutId: string } | null,
    limit: number,
  ): Promise<readonly Rollout[]> {
    return this.dataSource.query<readonly Rollout[]>(
      `SELECT * FROM "beacons"."rollouts"
       WHERE ($1::text IS NULL OR "status" = $1) AND ($2::text IS NULL OR "firmwareId" = $2)
         AND ($3::timestamptz IS NULL OR ("createdAt", "rolloutId") < ($3, $4))
       ORDER BY "createdAt" DESC, "rolloutId" DESC LIMIT $5`,
      [filter.status, filter.firmwareId, after?.createdAt ?? null, after?.rolloutId ?? null, limit],
    );
  }

  counts(rolloutIds: readonly string[]): Promise<readonly StateCount[]> {
    return this.dataSource.query<readonly StateCount[]>(
      `SELECT "rolloutId", "group", "state", count(*) AS "count" FROM "beacons"."rollout_devices"
       WHERE "rolloutId" = ANY($1::text[]) AND "group" IS NOT NULL GROUP BY 1, 2, 3`,
      [rolloutIds],
    );
  }
}
