import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { USER_ROLES, type UserRole } from '#libs/contracts';
import type { User } from './user.entity.js';

const USERNAME = /^[\p{L}\p{N}._@+-]{1,100}$/u;
const EXAMPLE_ID = '0f8fad5b-d9cb-469f-a165-70867728950e';

export class UserCreateRequest {
  @ApiProperty({
    example: 'ada',
    description: 'Letters, digits and . _ @ + - ; upper and lower case are the same user.',
  })
  @IsString()
  @Matches(USERNAME, { message: 'username has 1 to 100 letters, digits or . _ @ + -' })
  username!: string;

  @ApiProperty({ example: 'correct horse battery staple' })
  @IsString()
  @Length(8, 1024)
  password!: string;

  @ApiProperty({ enum: USER_ROLES, isArray: true, example: ['viewer'] })
  @IsIn(USER_ROLES, { each: true })
  @ArrayUnique()
  @ArrayMaxSize(USER_ROLES.length)
  roles!: UserRole[];
}

export class UserUpdateRequest {
  @ApiPropertyOptional({ minLength: 8 })
  @IsOptional()
  @IsString()
  @Length(8, 1024)
  password?: string;

  @ApiPropertyOptional({ enum: USER_ROLES, isArray: true, example: ['operator'] })
  @IsOptional()
  @IsIn(USER_ROLES, { each: true })
  @ArrayUnique()
  @ArrayMaxSize(USER_ROLES.length)
  roles?: UserRole[];
}

export class UserResponse {
  @ApiProperty({ example: EXAMPLE_ID, description: 'The `sub` of this user’s tokens.' })
  id!: string;

  @ApiProperty({ example: 'ada' })
  username!: string;

  @ApiProperty({ enum: USER_ROLES, isArray: true })
  roles!: readonly UserRole[];

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

export class UserPage {
  @ApiProperty({ type: [UserResponse] })
  items!: readonly UserResponse[];

  @ApiProperty({ type: String, nullable: true, description: 'Send it as `after`; null on the last page.' })
  next!: string | null;
}

export function toUserResponse({ userId, username, roles, createdAt }: User): UserResponse {
  return { id: userId, username, roles, createdAt: createdAt.toISOString() };
}
