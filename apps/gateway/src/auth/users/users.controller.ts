import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ROUTES } from '#libs/contracts';
import { Endpoint } from '../../http/route.decorator.js';
import { AccountsQuery } from '../page.dto.js';
import { UserService } from './user.service.js';
import { toUserResponse, UserCreateRequest, UserPage, UserResponse, UserUpdateRequest } from './users.dto.js';

@ApiTags('users')
@Controller()
export class UsersController {
  constructor(private readonly users: UserService) {}

  @Endpoint(ROUTES.usersCreate, { status: 201, response: UserResponse, errors: ['USER_EXISTS'] })
  async create(@Body() request: UserCreateRequest): Promise<UserResponse> {
    return toUserResponse(await this.users.create(request));
  }

  @Endpoint(ROUTES.usersList, { response: UserPage })
  async list(@Query() { limit, after }: AccountsQuery): Promise<UserPage> {
    const page = await this.users.list(limit, after);
    return { items: page.items.map(toUserResponse), next: page.next };
  }

  @Endpoint(ROUTES.usersUpdate, { response: UserResponse, errors: ['USER_NOT_FOUND', 'LAST_ADMIN'] })
  async update(@Param('userId') userId: string, @Body() request: UserUpdateRequest): Promise<UserResponse> {
    return toUserResponse(await this.users.update(userId, request));
  }

  @Endpoint(ROUTES.usersDelete, { errors: ['USER_NOT_FOUND', 'LAST_ADMIN'] })
  async delete(@Param('userId') userId: string): Promise<void> {
    await this.users.delete(userId);
  }
}
