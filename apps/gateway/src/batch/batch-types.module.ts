import { Module } from '@nestjs/common';
import { BatchTypes } from './batch.types.js';

/** For every edge whose reports may be uploaded in batches. */
@Module({ providers: [BatchTypes], exports: [BatchTypes] })
export class BatchTypesModule {}
