// Where one can go, and in what state the platform is.
import {
  IconBook2,
  IconBuildingStore,
  IconChartHistogram,
  IconSearch,
  IconServer2,
  IconSettings,
  IconShieldCog,
  type TablerIcon,
} from '@tabler/icons-react';
import { Link, NavLink } from 'react-router';
import { useSession } from '../features/session/session.ts';
import { paths } from '../lib/paths.ts';
import { ClusterLine } from './cluster-line.tsx';
import { ColorSchemeButton } from './color-scheme-button.tsx';
import { openCommandPalette } from './command-palette.tsx';
import { Logo } from './logo.tsx';
import classes from './navigation.module.css';
import { PersonMenu } from './person-menu.tsx';

interface Destination {
  readonly to: string;
  readonly label: string;
  readonly Icon: TablerIcon;
}

const PLACES: readonly Destination[] = [
  { to: paths.stores, label: 'Stores', Icon: IconBuildingStore },
  { to: paths.insights, label: 'Insights', Icon: IconChartHistogram },
  { to: paths.cluster, label: 'Cluster', Icon: IconServer2 },
  { to: paths.settings, label: 'Settings', Icon: IconSettings },
];

const ADMIN: Destination = { to: paths.admin('tenants'), label: 'Platform', Icon: IconShieldCog };

export function Navigation({ isInDrawer = false }: { readonly isInDrawer?: boolean }) {
  const isPlatformAdmin = useSession()?.person?.isPlatformAdmin === true;
  return (
    <div className={classes.navigation}>
      {!isInDrawer && (
        <Link to={paths.stores} className={classes.brand} aria-label="Souk, all stores">
          <Logo />
          Souk
        </Link>
      )}
      <button type="button" className={classes.search} onClick={openCommandPalette}>
        <IconSearch size={16} aria-hidden="true" />
        <span>Search</span>
        <kbd>Ctrl K</kbd>
      </button>
      <nav aria-label="Main">
        <Places places={[...PLACES, ...(isPlatformAdmin ? [ADMIN] : [])]} />
      </nav>
      <div className={classes.foot}>
        <ClusterLine />
        <PersonMenu />
        <div className={classes.tools}>
          <a href={paths.docs} className={classes.place}>
            <IconBook2 size={18} stroke={1.6} aria-hidden="true" />
            API
          </a>
          <ColorSchemeButton />
        </div>
      </div>
    </div>
  );
}

function Places({ places }: { readonly places: readonly Destination[] }) {
  return (
    <ul className={classes.list}>
      {places.map(({ to, label, Icon }) => (
        <li key={to}>
          <NavLink to={to} className={classes.place}>
            <Icon size={18} stroke={1.6} aria-hidden="true" />
            {label}
          </NavLink>
        </li>
      ))}
    </ul>
  );
}
