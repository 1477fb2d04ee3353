// Who one is, in which tenant, and the way out. Nothing where a token stands in for a person.
import { Menu, UnstyledButton } from '@mantine/core';
import { IconCheck, IconLogout, IconSelector, IconUser } from '@tabler/icons-react';
import { Link } from 'react-router';
import { tenantOf, useSession } from '../features/session/session.ts';
import { signOut } from '../features/session/sign-out.ts';
import { chooseTenant } from '../lib/client.ts';
import { paths } from '../lib/paths.ts';
import classes from './person-menu.module.css';

export function PersonMenu() {
  const session = useSession();
  const person = session?.person;
  if (session === undefined || person == null) return null;
  const tenant = tenantOf(session);
  return (
    <Menu position="top-start" width={214}>
      <Menu.Target>
        <UnstyledButton className={classes.person}>
          <span className={classes.face} aria-hidden="true">
            {(person.name || person.email).charAt(0).toUpperCase()}
          </span>
          <span className={classes.words}>
            <span className={classes.name}>{person.name || person.email}</span>
            <span className={classes.tenant}>{tenant?.name ?? 'No tenant'}</span>
          </span>
          <IconSelector size={16} aria-hidden="true" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {session.tenants.length > 1 && <Menu.Label>Tenants</Menu.Label>}
        {session.tenants.length > 1 &&
          session.tenants.map(({ id, name }) => (
            <Menu.Item
              key={id}
              onClick={() => chooseTenant(id)}
              rightSection={id === tenant?.id ? <IconCheck size={15} aria-label="chosen" /> : null}
            >
              {name}
            </Menu.Item>
          ))}
        {session.tenants.length > 1 && <Menu.Divider />}
        <Menu.Item component={Link} to={paths.setting('profile')} leftSection={<IconUser size={16} />}>
          Profile
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
