import { Module } from '@nestjs/common';
import { LimitSettings } from './limit.settings.js';
import { WindowCounter } from './window.counter.js';

/** What limits of callers and of routes share. */
@Module({ providers: [WindowCounter, LimitSettings], exports: [WindowCounter, LimitSettings] })
export class LimitsModule {}
