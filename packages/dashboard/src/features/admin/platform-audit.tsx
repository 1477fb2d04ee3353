// The audit log of the whole platform, and the proof that nobody has changed it.
import { Alert, Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { client } from '../../lib/client.ts';
import { AuditLog } from '../settings/audit-log.tsx';
import classes from '../settings/forms.module.css';

export function PlatformAudit() {
  const verify = useMutation({ mutationFn: () => client.verifyAudit() });
  const verdict = verify.data;
  return (
    <div className={classes.stack}>
      <div>
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          Verify the chain
        </Button>
      </div>
      {verdict !== undefined && (
        <Alert color={verdict.isIntact ? 'teal' : 'red'} role="status" title={verdict.isIntact ? 'Intact' : 'Broken'}>
          {verdict.isIntact
            ? `${verdict.entries} entries, each as it was written.`
            : `${verdict.firstBroken}: ${verdict.reason}`}
        </Alert>
      )}
      <AuditLog ofPlatform />
    </div>
  );
}
