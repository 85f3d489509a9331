import type { Impersonation } from '../connection.ts';
import { type Entry, entryError } from './place.ts';
import type { UserFields } from './schema.ts';

/** Whom to act as, by flags and kubeconfig; null: nobody else. Throws where only a group, UID or extra is named. */
export function impersonationOf(user: Entry<UserFields>): Impersonation | null {
  const { as, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = user.value;
  if (as !== undefined) return { user: as, groups, uid, extra };
  const alone = [
    ...(uid === undefined ? [] : ['as-uid']),
    ...(groups.length === 0 ? [] : ['as-groups']),
    ...(Object.keys(extra).length === 0 ? [] : ['as-user-extra']),
  ];
  const field = alone[0];
  if (field === undefined) return null;
  throw entryError(user, [field], `${field} without a user to impersonate`, 'Name the user with as, or --as.');
}
