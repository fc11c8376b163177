import { Module } from '@nestjs/common';
import { BatchTypesModule } from '../batch/batch-types.module.js';
import { PublicUrl, PublicUrlSettings } from '../http/public.url.js';
import { TaskReports } from './task.reports.js';
import { TaskReportsController } from './task.reports.controller.js';
import { TaskStatusReports } from './task.status.reports.js';
import { TasksController } from './tasks.controller.js';

@Module({
  imports: [BatchTypesModule],
  controllers: [TaskReportsController, TasksController],
  providers: [TaskReports, TaskStatusReports, PublicUrl, PublicUrlSettings],
})
export class TasksEdgeModule {}
