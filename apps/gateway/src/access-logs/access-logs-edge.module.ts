import { Module } from '@nestjs/common';
import { AccessLogReader } from './access-log.reader.js';
import { AccessLogRequestsController } from './access-log-requests.controller.js';
import { AccessLogsController } from './access-logs.controller.js';

@Module({ controllers: [AccessLogsController, AccessLogRequestsController], providers: [AccessLogReader] })
export class AccessLogsEdgeModule {}
