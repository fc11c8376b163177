import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Envelope, SnapshotDto } from '#libs/contracts';

/** A copy of what a robot said, never changed afterwards. */
@Entity({ schema: 'robots', name: 'robot_identity_snapshots' })
export class IdentitySnapshot {
  @PrimaryColumn('uuid')
  snapshotId!: string;

  @Column('text')
  robotId!: string;

  @Column('text', { nullable: true })
  firmwareVersion!: string | null;

  @Column('text', { nullable: true })
  model!: string | null;

  @Column('text', { nullable: true })
  vendor!: string | null;

  @Column('text', { nullable: true })
  serialNumber!: string | null;

  /** The whole envelope as received; "payloadJson" holds the same, sorted, for those who search. */
  @Column('json')
  receivedJson!: Envelope;

  @Column('timestamptz')
  receivedAt!: Date;

  @Column('text')
  messageId!: string;

  @Column('text')
  contentHash!: string;

  @Column('bigint')
  streamEpochMs!: number;

  @Column('bigint')
  streamSequence!: number;
}

/** A copy of what a robot said it can do, with the firmware that it ran then. */
@Entity({ schema: 'robots', name: 'robot_capability_snapshots' })
export class CapabilitySnapshot {
  @PrimaryColumn('uuid')
  snapshotId!: string;

  @Column('text')
  robotId!: string;

  @Column('text', { nullable: true })
  firmwareVersion!: string | null;

  @Column('json')
  receivedJson!: Envelope;

  @Column('timestamptz')
  receivedAt!: Date;

  @Column('text')
  messageId!: string;

  @Column('text')
  contentHash!: string;

  @Column('bigint')
  streamEpochMs!: number;

  @Column('bigint')
  streamSequence!: number;
}

/** A snapshot for the outside: the robot's payload without the envelope around it. */
export function toSnapshotDto(snapshot: IdentitySnapshot | CapabilitySnapshot): SnapshotDto {
  const { robotId, receivedAt, receivedJson, snapshotId, contentHash, firmwareVersion } = snapshot;
  return {
    robotId,
    receivedAt: receivedAt.toISOString(),
    payload: receivedJson.payload,
    snapshotId,
    contentHash,
    firmwareVersion,
  };
}
