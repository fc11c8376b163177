import type { JsonObject, Presence, RobotDto, RobotIdentitySummary } from '#libs/contracts';

/** A robot as {@link SELECT_ROBOTS} reads it: its row with the payloads of its newest capability and reported settings. */
export interface RobotRow extends RobotIdentitySummary {
  readonly robotId: string;
  readonly displayName: string;
  readonly isEnabled: boolean;
  readonly tagsJson: readonly string[] | null;
  readonly notes: string | null;
  readonly mapId: string | null;
  readonly homeStationId: string | null;
  readonly presence: Presence;
  readonly lastSeenAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly identitySnapshotId: string | null;
  readonly capability: JsonObject | null;
  readonly reportedSettings: JsonObject | null;
}

/** Reads what a RobotDto shows; `r` is the robot's row, conditions come after. */
export const SELECT_ROBOTS = `
  SELECT r."robotId", r."displayName", r."isEnabled", r."tagsJson", r."notes", r."mapId", r."homeStationId",
         r."presence", r."lastSeenAt", r."createdAt", r."updatedAt",
         r."identitySnapshotId", r."model", r."vendor", r."firmwareVersion", r."serialNumber",
         c."receivedJson" -> 'payload' AS "capability", s."receivedJson" -> 'payload' AS "reportedSettings"
  FROM "robots"."robots" r
  LEFT JOIN "robots"."robot_capability_snapshots" c ON c."snapshotId" = r."capabilitySnapshotId"
  LEFT JOIN "robots"."reported_settings" s ON s."robotId" = r."robotId"`;

/** A robot for the outside: robot-owned facts merged with what people decided. */
export function toRobotDto(row: RobotRow): RobotDto {
  const { robotId, displayName, isEnabled, notes, mapId, homeStationId, presence } = row;
  const { model, vendor, firmwareVersion, serialNumber } = row;
  return {
    robotId,
    displayName,
    isEnabled,
    tags: row.tagsJson,
    notes,
    mapId,
    homeStationId,
    presence,
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    identity: row.identitySnapshotId === null ? null : { model, vendor, firmwareVersion, serialNumber },
    capability: row.capability,
    reportedSettings: row.reportedSettings,
  };
}
