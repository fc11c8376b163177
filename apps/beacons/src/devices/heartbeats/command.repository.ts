import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type BeaconCommand, MusterError, type QueuedBeaconCommand } from '#libs/contracts';
import { notRegistered } from '../device.errors.js';
import { type DeviceKey, instant } from '../device.row.js';

/** Commands that wait for one beacon at most. */
const MAX_WAITING = 100;

interface CommandRow {
  readonly commandId: string;
  readonly beaconId: string;
  readonly commandJson: BeaconCommand;
  readonly queuedBy: string;
  readonly queuedAt: Date;
  readonly sentAt: Date | null;
  readonly expiresAt: Date;
}

export interface NewBeaconCommand extends DeviceKey {
  /** The same for a repeat of the same request. */
  readonly commandId: string;
  readonly command: BeaconCommand;
  readonly queuedBy: string;
  readonly lifeS: number;
}

const COLUMNS = `"commandId", "beaconId", "commandJson", "queuedBy", "queuedAt", "sentAt", "expiresAt"`;

/** Keeps what beacons are told with their next heartbeats. */
@Injectable()
export class CommandRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws MusterError `BEACON_NOT_REGISTERED`; `OVERLOADED` when too many wait for this beacon */
  async queue(command: NewBeaconCommand): Promise<QueuedBeaconCommand> {
    const { entityId, beaconId, commandId } = command;
    return this.dataSource.transaction(async (tx) => {
      // The beacon's row keeps two callers from counting at the same time.
      const found = await tx.query<readonly unknown[]>(
        `SELECT 1 FROM "beacons"."devices" WHERE "entityId" = $1 AND "beaconId" = $2 FOR NO KEY UPDATE`,
        [entityId, beaconId],
      );
      if (found.length === 0) throw notRegistered(command);
      const waiting = await tx.query<readonly CommandRow[]>(WAITING, [entityId, beaconId]);
      const known = waiting.find((row) => row.commandId === commandId);
      if (known) return toQueued(known);
      if (waiting.length >= MAX_WAITING) throw tooMany(command);
      await tx.query(INSERT, [commandId, entityId, beaconId, command.command, command.queuedBy, command.lifeS]);
      const [row] = await tx.query<readonly CommandRow[]>(
        `SELECT ${COLUMNS} FROM "beacons"."device_commands" WHERE "commandId" = $1`,
        [commandId],
      );
      if (!row) throw new Error('A command was not stored.');
      return toQueued(row);
    });
  }

  /** Commands that are not confirmed and not expired, oldest first. */
  async waiting({ entityId, beaconId }: DeviceKey): Promise<readonly QueuedBeaconCommand[]> {
    return (await this.dataSource.query<readonly CommandRow[]>(WAITING, [entityId, beaconId])).map(toQueued);
  }

  /** Forgets commands that expired before an instant. */
  async prune(before: Date): Promise<void> {
    await this.dataSource.query(`DELETE FROM "beacons"."device_commands" WHERE "expiresAt" < $1`, [before]);
  }
}

const WAITING = `
  SELECT ${COLUMNS} FROM "beacons"."device_commands"
  WHERE "entityId" = $1 AND "beaconId" = $2 AND "confirmedAt" IS NULL AND "expiresAt" > now() ORDER BY "position"`;

/** A repeat of a request whose command is over already changes nothing. */
const INSERT = `
  INSERT INTO "beacons"."device_commands" ("commandId", "entityId", "beaconId", "commandJson", "queuedBy", "expiresAt")
  VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) ON CONFLICT DO NOTHING`;

function toQueued(row: CommandRow): QueuedBeaconCommand {
  return {
    command_id: row.commandId,
    beacon_id: row.beaconId,
    command: row.commandJson,
    queued_by: row.queuedBy,
    queued_at: row.queuedAt.toISOString(),
    sent_at: instant(row.sentAt),
    expires_at: row.expiresAt.toISOString(),
  };
}

function tooMany({ beaconId }: DeviceKey): MusterError {
  const message = `${String(MAX_WAITING)} commands wait for beacon "${beaconId}" already.`;
  return new MusterError('OVERLOADED', message, { beacon_id: beaconId, max_commands: MAX_WAITING });
}
