import type { EntityManager } from 'typeorm';
import type { BeaconCommand } from '#libs/contracts';
import { unnest } from '#libs/database';
import { byBeacon, keyOf } from '../device.row.js';
import type { Arrival } from './heartbeat.policy.js';

/** Commands in one answer at most; the rest waits for the next heartbeat. */
const MAX_COMMANDS = 20;

/** A command that is not confirmed, in the order in which it was queued. */
export interface WaitingCommand {
  readonly commandId: string;
  readonly entityId: string;
  readonly beaconId: string;
  readonly commandJson: BeaconCommand;
  /** The timestamp of the heartbeat whose answer carried it first. */
  readonly carriedBy: Date | null;
}

/** What becomes of a beacon's commands when a heartbeat comes: an answer that was carried before a newer one arrived. */
export function sortCommands(
  waiting: readonly WaitingCommand[],
  heartbeatAtMs: number,
): { readonly confirmed: readonly WaitingCommand[]; readonly carried: readonly WaitingCommand[] } {
  const isConfirmed = ({ carriedBy }: WaitingCommand): boolean =>
    carriedBy !== null && carriedBy.getTime() < heartbeatAtMs;
  return {
    confirmed: waiting.filter(isConfirmed),
    carried: waiting.filter((command) => !isConfirmed(command)).slice(0, MAX_COMMANDS),
  };
}

/** The commands of each answer. */
export interface TakenCommands {
  readonly carried: ReadonlyMap<Arrival, readonly WaitingCommand[]>;
  /** Whether a command was carried or confirmed. */
  readonly hasMoved: boolean;
}

/**
 * Takes the commands for the answers to these heartbeats, whose rows are locked. A command is in every answer until a
 * heartbeat comes that is newer than the one that carried it first: a lost answer is asked for again by the same heartbeat.
 */
export async function takeCommands(tx: EntityManager, arrivals: readonly Arrival[]): Promise<TakenCommands> {
  const waiting: Map<string, readonly WaitingCommand[]> = byBeacon(await waitingOf(tx, arrivals));
  const carried = new Map<Arrival, readonly WaitingCommand[]>();
  const confirmed: WaitingCommand[] = [];
  const sent: WaitingCommand[] = [];
  for (const arrival of arrivals) {
    const heartbeatAtMs = Date.parse(arrival.heartbeat.timestamp);
    const sorted = sortCommands(waiting.get(keyOf(arrival)) ?? [], heartbeatAtMs);
    const now = sorted.carried.map((command) => ({
      ...command,
      carriedBy: command.carriedBy ?? new Date(heartbeatAtMs),
    }));
    waiting.set(keyOf(arrival), now);
    carried.set(arrival, now);
    confirmed.push(...sorted.confirmed);
    sent.push(...now);
  }
  await note(tx, sent, confirmed);
  return { carried, hasMoved: sent.length + confirmed.length > 0 };
}

async function waitingOf(tx: EntityManager, arrivals: readonly Arrival[]): Promise<readonly WaitingCommand[]> {
  if (arrivals.length === 0) return [];
  const keys = unnest([...new Map(arrivals.map((arrival) => [keyOf(arrival), arrival])).values()], {
    entityId: { type: 'text', value: (key) => key.entityId },
    beaconId: { type: 'text', value: (key) => key.beaconId },
  });
  return tx.query<readonly WaitingCommand[]>(
    `SELECT c."commandId", c."entityId", c."beaconId", c."commandJson", c."carriedBy"
     FROM ${keys.sql} JOIN "beacons"."device_commands" c USING ("entityId", "beaconId")
     WHERE c."confirmedAt" IS NULL AND c."expiresAt" > now()
     ORDER BY c."position"`,
    [...keys.parameters],
  );
}

async function note(
  tx: EntityManager,
  sent: readonly WaitingCommand[],
  confirmed: readonly WaitingCommand[],
): Promise<void> {
  if (sent.length > 0) {
    const rows = unnest(sent, {
      commandId: { type: 'uuid', value: (command) => command.commandId },
      carriedBy: { type: 'timestamptz', value: (command) => command.carriedBy },
    });
    await tx.query(
      `UPDATE "beacons"."device_commands" c SET "sentAt" = coalesce(c."sentAt", now()), "carriedBy" = r."carriedBy"
       FROM ${rows.sql} WHERE c."commandId" = r."commandId"`,
      [...rows.parameters],
    );
  }
  if (confirmed.length > 0) {
    await tx.query(`UPDATE "beacons"."device_commands" SET "confirmedAt" = now() WHERE "commandId" = ANY($1::uuid[])`, [
      confirmed.map(({ commandId }) => commandId),
    ]);
  }
}
