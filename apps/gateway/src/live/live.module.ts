import { Module } from '@nestjs/common';
import { LiveEngine } from './live.engine.js';
import { LiveSettings } from './live.settings.js';
import { StreamReader } from './stream.reader.js';

@Module({
  providers: [LiveSettings, StreamReader, LiveEngine],
  exports: [LiveEngine, StreamReader],
})
export class LiveModule {}
