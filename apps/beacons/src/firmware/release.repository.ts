import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type {
  FirmwareChannel,
  FirmwareDeviceType,
  FirmwareLine,
  FirmwarePriority,
  FirmwareQuery,
  RolloutStrategy,
} from '#libs/contracts';

/** What people say about a release beside what is decided by. */
export interface ReleaseText {
  readonly releaseNotes: string | null;
  readonly changelog: readonly string[];
  readonly fallbackUrl: string | null;
  readonly description: string | null;
  readonly gitCommit: string | null;
}

/** A published firmware. */
export interface Release {
  readonly firmwareId: string;
  readonly target: string;
  readonly deviceType: FirmwareDeviceType;
  readonly channel: FirmwareChannel;
  readonly version: string;
  readonly compatibleHardware: readonly string[];
  readonly minPreviousVersion: string | null;
  readonly strategy: RolloutStrategy;
  readonly priority: FirmwarePriority;
  readonly dataJson: ReleaseText;
  readonly objectName: string;
  readonly sizeBytes: number;
  /** `sha256:` and hex. */
  readonly checksum: string;
  readonly signature: string;
  readonly keyId: string;
  readonly rolloutId: string | null;
  readonly publishedBy: string;
  readonly releasedAt: Date;
  readonly withdrawnAt: Date | null;
}

export type NewRelease = Omit<Release, 'rolloutId' | 'releasedAt' | 'withdrawnAt'>;

const SELECT = `
  SELECT "firmwareId", "target", "deviceType", "channel", "version", "compatibleHardware", "minPreviousVersion",
         "strategy", "priority", "dataJson", "objectName", "sizeBytes", "checksum", "signature", "keyId", "rolloutId",
         "publishedBy", "releasedAt", "withdrawnAt"
  FROM "beacons"."firmware"`;

const FILTER = `
  ($1::text IS NULL OR "target" = $1) AND ($2::text IS NULL OR "deviceType" = $2)
  AND ($3::text IS NULL OR "channel" = $3) AND ($4::text IS NULL OR "version" = $4)
  AND ($5::boolean OR "withdrawnAt" IS NULL)`;

function filterOf({ target, device_type, channel, version, include_withdrawn }: FirmwareQuery): unknown[] {
  return [target ?? null, device_type ?? null, channel ?? null, version ?? null, include_withdrawn ?? false];
}

/** More releases of one line than anybody has; the newest are looked at. */
const LINE_LIMIT = 2_000;

@Injectable()
export class ReleaseRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(firmwareId: string, tx: EntityManager = this.dataSource.manager): Promise<Release | undefined> {
    const [row] = await tx.query<readonly Release[]>(`${SELECT} WHERE "firmwareId" = $1`, [firmwareId]);
    return row;
  }

  /** The release that has this version in its line, or this id. */
  async findRival(release: NewRelease, tx: EntityManager): Promise<Release | undefined> {
    const { firmwareId, target, deviceType, channel, version } = release;
    const [row] = await tx.query<readonly Release[]>(
      `${SELECT} WHERE "firmwareId" = $1 OR ("target", "deviceType", "channel", "version") = ($2, $3, $4, $5)
       ORDER BY "firmwareId" = $1 LIMIT 1`,
      [firmwareId, target, deviceType, channel, version],
    );
    return row;
  }

  /** What is offered of a line: everything that is not withdrawn. */
  offered({ target, device_type, channel }: FirmwareLine): Promise<Release[]> {
    return this.dataSource.query(
      `${SELECT} WHERE ("target", "deviceType", "channel") = ($1, $2, $3) AND "withdrawnAt" IS NULL
       ORDER BY "releasedAt" DESC LIMIT ${LINE_LIMIT}`,
      [target, device_type, channel],
    );
  }

  /** Newest first, one more than asked for when there are more. */
  list(query: FirmwareQuery, after: Pick<Release, 'releasedAt' | 'firmwareId'> | undefined): Promise<Release[]> {
    return this.dataSource.query(
      `${SELECT} WHERE ${FILTER} AND ($6::timestamptz IS NULL OR ("releasedAt", "firmwareId") < ($6, $7))
       ORDER BY "releasedAt" DESC, "firmwareId" DESC LIMIT $8`,
      [...filterOf(query), after?.releasedAt ?? null, after?.firmwareId ?? null, query.limit + 1],
    );
  }

  /** Everything that the filter admits, for choosing the highest of each line. */
  latestCandidates(query: FirmwareQuery): Promise<Release[]> {
    return this.dataSource.query(
      `${SELECT} WHERE ${FILTER} ORDER BY "releasedAt" DESC LIMIT ${LINE_LIMIT}`,
      filterOf(query),
    );
  }

  /** Stores a release; undefined when its id or its version in the line is taken. */
  async insert(tx: EntityManager, release: NewRelease): Promise<Release | undefined> {
    const [row] = await tx.query<readonly { firmwareId: string }[]>(
      `INSERT INTO "beacons"."firmware" ("firmwareId", "target", "deviceType", "channel", "version", "compatibleHardware",
         "minPreviousVersion", "strategy", "priority", "dataJson", "objectName", "sizeBytes", "checksum", "signature",
         "keyId", "publishedBy")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
       ON CONFLICT DO NOTHING RETURNING "firmwareId"`,
      [
        release.firmwareId,
        release.target,
        release.deviceType,
        release.channel,
        release.version,
        release.compatibleHardware,
        release.minPreviousVersion,
        release.strategy,
        release.priority,
        JSON.stringify(release.dataJson),
        release.objectName,
        release.sizeBytes,
        release.checksum,
        release.signature,
        release.keyId,
        release.publishedBy,
      ],
    );
    return row && this.find(release.firmwareId, tx);
  }

  async setRollout(tx: EntityManager, firmwareId: string, rolloutId: string): Promise<void> {
    await tx.query(`UPDATE "beacons"."firmware" SET "rolloutId" = $2 WHERE "firmwareId" = $1`, [firmwareId, rolloutId]);
  }

  /** The first withdrawal counts. */
  async withdraw(firmwareId: string, by: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE "beacons"."firmware" SET "withdrawnAt" = date_trunc('milliseconds', now()), "withdrawnBy" = $2
       WHERE "firmwareId" = $1 AND "withdrawnAt" IS NULL`,
      [firmwareId, by],
    );
  }

  /** Which of these objects a release or a cached file still names. */
  async named(objectNames: readonly string[]): Promise<Set<string>> {
    const rows = await this.dataSource.query<readonly { objectName: string }[]>(
      `SELECT "objectName" FROM "beacons"."firmware" WHERE "objectName" = ANY($1)
       UNION SELECT "objectName" FROM "beacons"."firmware_caches" WHERE "objectName" = ANY($1)`,
      [objectNames],
    );
    return new Set(rows.map(({ objectName }) => objectName));
  }
}
