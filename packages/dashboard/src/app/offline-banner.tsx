// Says that the platform is not heard, and what that means. What was typed stays; the page catches up by itself.
import { useEffect, useState, useSyncExternalStore } from 'react';
import { connection } from '../lib/connection-state.ts';
import classes from './offline-banner.module.css';

// A restart of one API process is over before anybody would have read a word.
const GRACE_MS = 1_500;

export function OfflineBanner() {
  const isAway = useSyncExternalStore(connection.subscribe, connection.get) === 'away';
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isAway) {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setShown(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [isAway]);
  return (
    <div role="status" className={classes.place}>
      {isShown && (
        <div className={classes.banner}>
          <b>The platform does not answer.</b> You see what was true a moment ago. Nothing that you typed is lost; this
          page catches up by itself.
        </div>
      )}
    </div>
  );
}
