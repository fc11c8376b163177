import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { migrateSchema } from './schema.migrator.js';
import type { SchemaDefinition } from './schema.migrator.js';

/** A schema with its entities. */
export interface SchemaOptions extends SchemaDefinition {
  readonly entities: Parameters<typeof TypeOrmModule.forFeature>[0];
}

/**
 * One app's Postgres schema: its entities' repositories, and its migrations run at boot. The migrations run while
 * providers are built, so they are over before any `onModuleInit` of the process.
 */
@Module({})
export class SchemaModule {
  static forFeature(options: SchemaOptions): DynamicModule {
    const { schema, migrations, entities } = options;
    return {
      module: SchemaModule,
      imports: [TypeOrmModule.forFeature(entities)],
      providers: [
        {
          provide: `schema:${schema}`,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => migrateSchema(dataSource, { schema, migrations }),
        },
      ],
      exports: [TypeOrmModule],
    };
  }
}
