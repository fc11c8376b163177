import { Body, Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { ROUTES, type TaskDetailDto, type TaskDto, TASKS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { JsonBody } from '../http/edge.body.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { readerOf } from './task.callers.js';
import { toListQuery, toTaskInterval } from './task.interval.js';
import { requireTaskId } from './task.ids.js';
import {
  TaskAnalyticsRequest,
  TaskCancelRequest,
  TaskCreateRequest,
  TaskListRequest,
  toTaskOrder,
} from './tasks.dto.js';
import { TaskAnalyticsResponse, TaskDetailResponse, TaskResponse } from './tasks.responses.js';

const ANALYTICS_TIMEOUT_MS = 20_000;
const CANCELLED = 'cancelled';

/** Tasks for the people who order and watch them; orchestrators and robots read their own (decision C30). */
@ApiTags('tasks')
@Controller()
export class TasksController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.tasksCreate, {
    status: 201,
    response: TaskResponse,
    errors: ['ENTITY_NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED', 'REQUEST_IN_FLIGHT'],
  })
  @ApiHeader({
    name: 'X-Idempotency-Key',
    required: false,
    description: 'A repeat within 24 hours finds the same task; with another body it is refused.',
  })
  async create(
    @JsonBody() body: TaskCreateRequest,
    @Caller() { requester, idempotencyKey }: KeyedRequester,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskDto> {
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    const task = await this.rpc.ask(TASKS_REQUESTS.create, { order: toTaskOrder(body), by: requester.by, ...key });
    reply.header('location', ROUTES.tasksGet.path.replace(':taskId', task.task_id));
    return task;
  }

  @Endpoint(ROUTES.tasksList, { response: [TaskResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [TaskResponse], headers: PAGE_HEADERS })
  async list(
    @Query() query: TaskListRequest,
    @CurrentPrincipal() caller: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly TaskDto[]> {
    const { tasks, next } = await this.rpc.ask(TASKS_REQUESTS.list, toListQuery(query, readerOf(caller)));
    linkNext(request, reply, next);
    return tasks;
  }

  @Endpoint(ROUTES.tasksAnalytics, { response: TaskAnalyticsResponse })
  analytics(@Query() query: TaskAnalyticsRequest): Promise<TaskAnalyticsResponse> {
    const { entity_id: entityId = null, group_by: grouping = 'none' } = query;
    const asked = { entity_id: entityId, ...toTaskInterval(query, new Date()), group_by: grouping };
    return this.rpc.ask(TASKS_REQUESTS.analytics, asked, ANALYTICS_TIMEOUT_MS);
  }

  @Endpoint(ROUTES.tasksGet, { response: TaskDetailResponse, errors: ['TASK_NOT_FOUND'] })
  get(@Param('taskId') taskId: string, @CurrentPrincipal() caller: Principal): Promise<TaskDetailDto> {
    return this.rpc.ask(TASKS_REQUESTS.get, { reader: readerOf(caller), task_id: requireTaskId(taskId) });
  }

  /** What a tracking page shows: the task without the log of its reports. */
  @Endpoint(ROUTES.tasksTrack, { response: TaskResponse, errors: ['TASK_NOT_FOUND'] })
  async track(@Param('taskId') taskId: string, @CurrentPrincipal() caller: Principal): Promise<TaskDto> {
    const { history: _, ...task } = await this.get(taskId, caller);
    return task;
  }

  @Endpoint(ROUTES.tasksCancel, { response: TaskDetailResponse, errors: ['TASK_NOT_FOUND', 'TASK_FINAL'] })
  @ApiBody({ type: TaskCancelRequest, required: false })
  cancel(
    @Param('taskId') taskId: string,
    @Body() body: TaskCancelRequest,
    @CurrentPrincipal() caller: Principal,
  ): Promise<TaskDetailDto> {
    const reason = body.reason ?? CANCELLED;
    return this.rpc.ask(TASKS_REQUESTS.cancel, { reader: readerOf(caller), task_id: requireTaskId(taskId), reason });
  }
}
