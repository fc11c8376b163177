import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type JsonObject, TIMELINE_KINDS, type TimelineEntry, type TimelineKind } from '#libs/contracts';

/** One thing that happened to a command. */
@Entity({ schema: 'commands', name: 'command_timeline' })
export class TimelineRow {
  @PrimaryColumn('uuid')
  commandId!: string;

  /** What happened, so that the same thing told twice is one entry: `sent:1`, `ack:<messageId>` … */
  @PrimaryColumn('text')
  dedupeKey!: string;

  /** Order of recording, over all commands. */
  @Column('int8', { generated: 'identity' })
  ordinal!: number;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  kind!: TimelineKind;

  @Column('text')
  by!: string;

  @Column('jsonb', { nullable: true })
  detail!: JsonObject | null;
}

/** Oldest first. Things of the same millisecond stand in their natural order: a command is sent before it is answered. */
export function toTimeline(rows: readonly TimelineRow[]): TimelineEntry[] {
  const sorted = rows.toSorted((one, other) => orderOf(one, other));
  return sorted.map(({ at, kind, by, detail }) => ({ at: at.toISOString(), kind, by, detail }));
}

function orderOf(one: TimelineRow, other: TimelineRow): number {
  return (
    one.at.getTime() - other.at.getTime() ||
    TIMELINE_KINDS.indexOf(one.kind) - TIMELINE_KINDS.indexOf(other.kind) ||
    one.ordinal - other.ordinal
  );
}
