import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { unnest } from '#libs/database';
import { ReleaseRepository } from '../firmware/release.repository.js';
import { requireRelease } from './required.release.js';
import type { Rollout } from './rollout.repository.js';
import { type RolloutDeviceRow, takeForReverting } from './rollout-device.repository.js';

const PAGE = 500;
const COMMAND_LIFE_MS = 7 * 86_400_000;

/** Brings the devices of a rollout back to the version that each had before: a command with its next heartbeat. */
@Injectable()
export class RolloutReverter {
  constructor(private readonly releases: ReleaseRepository) {}

  /** One page; answers whether nobody is left. */
  async next(tx: EntityManager, rollout: Rollout): Promise<boolean> {
    const devices = await takeForReverting(tx, rollout.rolloutId, PAGE);
    await queueCommands(tx, devices, rollout, await this.firmwareIdsOf(rollout));
    return devices.length < PAGE;
  }

  /** Key: version. What is still offered of the line; a beacon falls back to its other partition for the rest. */
  private async firmwareIdsOf({ firmwareId }: Rollout): Promise<ReadonlyMap<string, string>> {
    const { target, deviceType, channel } = await requireRelease(this.releases, firmwareId);
    const releases = await this.releases.offered({ target, device_type: deviceType, channel });
    return new Map(releases.map((release) => [release.version, release.firmwareId]));
  }
}

async function queueCommands(
  tx: EntityManager,
  devices: readonly RolloutDeviceRow[],
  { rolloutId }: Rollout,
  firmwareIds: ReadonlyMap<string, string>,
): Promise<void> {
  if (devices.length === 0) return;
  const commandOf = ({ previousVersion }: RolloutDeviceRow): object => ({
    type: 'firmware_update',
    firmware_id: firmwareIds.get(previousVersion ?? '') ?? null,
    version: previousVersion,
    rollback: true,
    rollout_id: rolloutId,
    priority: 'high',
  });
  const rows = unnest(
    devices,
    {
      commandId: { type: 'uuid', value: () => randomUUID() },
      entityId: { type: 'text', value: (row) => row.entityId },
      beaconId: { type: 'text', value: (row) => row.beaconId },
      command: { type: 'text', value: (row) => JSON.stringify(commandOf(row)) },
    },
    3,
  );
  await tx.query(
    `INSERT INTO "beacons"."device_commands" ("commandId", "entityId", "beaconId", "commandJson", "queuedBy", "expiresAt")
     SELECT r."commandId", r."entityId", r."beaconId", r."command"::json, $1, $2 FROM ${rows.sql}
     WHERE EXISTS (SELECT 1 FROM "beacons"."devices" d
                   WHERE d."entityId" = r."entityId" AND d."beaconId" = r."beaconId")`,
    [`rollout:${rolloutId}`, new Date(Date.now() + COMMAND_LIFE_MS), ...rows.parameters],
  );
}
