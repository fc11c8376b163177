import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What people decide about a robot; the robot's own facts in the same row are written by the ingests alone. */
@Entity({ schema: 'robots', name: 'robots' })
export class Robot {
  @PrimaryColumn('text')
  robotId!: string;

  @Column('text')
  displayName!: string;

  @Column('boolean')
  isEnabled!: boolean;

  @Column('jsonb', { nullable: true })
  tagsJson!: readonly string[] | null;

  @Column('text', { nullable: true })
  notes!: string | null;

  @Column('text', { nullable: true })
  mapId!: string | null;

  @Column('text', { nullable: true })
  homeStationId!: string | null;

  /** What text search looks through: see `searchKey()`. */
  @Column('text')
  nameKey!: string;

  @Column('timestamptz')
  updatedAt!: Date;
}
