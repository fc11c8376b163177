import { Body, Controller, Req } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { MAX_BATCH_ITEMS, ROUTES } from '#libs/contracts';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { BatchTypes } from '../batch/batch.types.js';
import { JsonBody } from '../http/edge.body.js';
import { PublicUrl } from '../http/public.url.js';
import { Endpoint } from '../http/route.decorator.js';
import { type Acknowledgement, TaskReports } from './task.reports.js';
import {
  TaskAssignRequest,
  TaskCompleteRequest,
  TaskStatusRequest,
  toAssignReport,
  toCompleteReport,
  toStatusReport,
} from './task.reports.dto.js';
import { TaskStatusReports } from './task.status.reports.js';
import { TaskAcknowledgedResponse, TaskAssignedResponse, TaskStatusListResponse } from './tasks.responses.js';

const ERRORS = ['TASK_NOT_FOUND', 'TASK_ALREADY_ASSIGNED', 'ENTITY_ACCESS_DENIED'] as const;
/** Of routes that robots call too. */
const REPORT_ERRORS = [...ERRORS, 'ROBOT_DISABLED'] as const;
const oneOrMany = (one: string, many: object): object => ({ oneOf: [{ $ref: one }, many] });

/** What malls report about tasks (orchestrators.txt 5). */
@ApiTags('tasks')
@ApiExtraModels(TaskStatusRequest, TaskStatusListResponse)
@Controller()
export class TaskReportsController {
  constructor(
    private readonly reports: TaskReports,
    private readonly statusReports: TaskStatusReports,
    private readonly publicUrl: PublicUrl,
    batch: BatchTypes,
  ) {
    batch.add('task_assign', TaskAssignRequest, (report, caller, upload) => this.assign(report, caller, upload));
    batch.add('task_status', TaskStatusRequest, (report, caller) => reports.send(toStatusReport(report), caller));
    batch.add('task_complete', TaskCompleteRequest, (report, caller) => this.complete(report, caller));
  }

  @Endpoint(ROUTES.orchestratorsAssignTask, { response: TaskAssignedResponse, errors: ERRORS })
  async assign(
    @JsonBody() body: TaskAssignRequest,
    @CurrentPrincipal() caller: Principal,
    @Req() request: FastifyRequest,
  ): Promise<TaskAssignedResponse> {
    const base = this.publicUrl.of(request);
    const acknowledgement = await this.reports.send(toAssignReport(body), caller);
    const { task_id: taskId } = acknowledgement;
    const path = ROUTES.tasksTrack.path.replace(':taskId', encodeURIComponent(taskId));
    return { ...acknowledgement, tracking_url: `${base}${path}` };
  }

  @Endpoint(ROUTES.orchestratorsTaskStatus, { response: TaskAcknowledgedResponse, errors: REPORT_ERRORS })
  @ApiBody({
    schema: oneOrMany(getSchemaPath(TaskStatusRequest), {
      type: 'array',
      maxItems: MAX_BATCH_ITEMS,
      items: { $ref: getSchemaPath(TaskStatusRequest) },
    }),
  })
  @ApiResponse({
    status: 200,
    description: 'Done; to a list, what became of each.',
    schema: oneOrMany(getSchemaPath(TaskAcknowledgedResponse), { $ref: getSchemaPath(TaskStatusListResponse) }),
  })
  status(
    @Body() body: unknown,
    @CurrentPrincipal() caller: Principal,
  ): Promise<Acknowledgement | TaskStatusListResponse> {
    return this.statusReports.take(body, caller);
  }

  @Endpoint(ROUTES.orchestratorsCompleteTask, { response: TaskAcknowledgedResponse, errors: REPORT_ERRORS })
  complete(@JsonBody() body: TaskCompleteRequest, @CurrentPrincipal() caller: Principal): Promise<Acknowledgement> {
    return this.reports.send(toCompleteReport(body), caller);
  }
}
