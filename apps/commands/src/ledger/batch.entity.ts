import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A robot that got no command, and why. */
export interface Refusal {
  readonly robotId: string;
  readonly code: string;
  readonly message: string;
}

/** One request for many robots; its commands carry its id. */
@Entity({ schema: 'commands', name: 'command_batches' })
export class CommandBatch {
  @PrimaryColumn('uuid')
  batchId!: string;

  @Column('text')
  commandType!: string;

  @Column('text')
  requestedBy!: string;

  @Column('timestamptz')
  requestedAt!: Date;

  @Column('int4')
  total!: number;

  @Column('jsonb')
  refusals!: Refusal[];
}
