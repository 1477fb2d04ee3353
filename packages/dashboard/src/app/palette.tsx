// The command palette itself: places, commands, and the stores whose name holds what is typed.
import { Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowRight, IconBuildingStore, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { useNavigate } from 'react-router';
import { paths } from '../lib/paths.ts';
import { queries } from '../lib/queries.ts';
import classes from './palette.module.css';

interface Command {
  readonly label: string;
  readonly detail?: string;
  readonly to: string;
  readonly isStore?: boolean;
}

const COMMANDS: readonly Command[] = [
  { label: 'New store', detail: 'Create', to: paths.newStore },
  { label: 'Stores', detail: 'Go to', to: paths.stores },
  { label: 'Failed stores', detail: 'Go to', to: `${paths.stores}?phase=failed` },
  { label: 'Insights', detail: 'Go to', to: paths.insights },
  { label: 'Cluster', detail: 'Go to', to: paths.cluster },
  { label: 'Settings', detail: 'Go to', to: paths.settings },
  { label: 'Members', detail: 'Settings', to: paths.setting('members') },
  { label: 'API tokens', detail: 'Settings', to: paths.setting('tokens') },
];
const MOST_STORES = 8;

export function Palette({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const navigate = useNavigate();
  const list = useId();
  const commands = useMatches(text.trim().toLowerCase(), isOpen);

  useEffect(() => {
    if (isOpen) setText('');
  }, [isOpen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search begins at its first answer
  useEffect(() => setActive(0), [text, commands.length]);

  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    void navigate(command.to);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setActive((active + step + commands.length) % Math.max(1, commands.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(commands[active]);
    }
  };

  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      centered={false}
      yOffset="12vh"
      size={560}
      attributes={{ content: { 'aria-label': 'Commands' } }}
    >
      <TextInput
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        leftSection={<IconSearch size={18} />}
        placeholder="Go to a store or a page…"
        aria-label="Search stores and commands"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={commands.length > 0 ? `${list}-${active}` : undefined}
        variant="unstyled"
        size="lg"
        data-autofocus
        className={classes.input}
      />
      <div id={list} role="listbox" aria-label="Commands" className={classes.list}>
        {commands.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard works from the field above
          <div
            key={command.to}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={classes.option}
            onClick={() => run(command)}
            onMouseMove={() => setActive(index)}
          >
            {command.isStore ? <IconBuildingStore size={17} stroke={1.6} /> : <IconArrowRight size={17} stroke={1.6} />}
            <span className={classes.label}>{command.label}</span>
            <span className={classes.detail}>{command.detail}</span>
          </div>
        ))}
      </div>
      {commands.length === 0 && <p className={classes.nothing}>Nothing is called so.</p>}
    </Modal>
  );
}

function useMatches(text: string, isOpen: boolean): readonly Command[] {
  const [searched] = useDebouncedValue(text, 120);
  const { data } = useInfiniteQuery({
    ...queries.stores(searched === '' ? {} : { q: searched }),
    enabled: isOpen,
    // What was found stays until the better answer is there: Enter must not fall into the gap between.
    placeholderData: keepPreviousData,
  });
  const stores = (data?.pages[0]?.items ?? [])
    .filter(({ name }) => name.includes(text))
    .slice(0, MOST_STORES)
    .map((store) => ({ label: store.name, detail: store.phase, to: paths.store(store.id), isStore: true }));
  const places = COMMANDS.filter(({ label }) => label.toLowerCase().includes(text));
  return text === '' ? [...places, ...stores] : [...stores, ...places];
}
