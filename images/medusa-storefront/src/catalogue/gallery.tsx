'use client';
// A product's pictures: side by side to be swiped on a small screen, laid out as a grid on a large one. The picture of the
// chosen variant comes first.
import { useEffect, useRef } from 'react';
import { Picture } from '../parts/picture.tsx';
import styles from './gallery.module.css';

interface GalleryProps {
  title: string;
  pictures: string[];
  leading: string | null;
}

export function Gallery({ title, pictures, leading }: GalleryProps) {
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another leading picture is what brings the list back to its start
  useEffect(() => {
    list.current?.scrollTo({ left: 0, behavior: 'instant' });
  }, [leading]);
  if (pictures.length === 0) return <Picture stored={null} alt="" />;
  const ordered =
    leading !== null && pictures.includes(leading)
      ? [leading, ...pictures.filter((path) => path !== leading)]
      : pictures;
  return (
    // On small screens the pictures scroll sideways, and the keyboard must reach that too.
    <ul ref={list} className={styles.gallery} aria-label="Pictures" tabIndex={ordered.length > 1 ? 0 : undefined}>
      {ordered.map((path, index) => (
        <li key={path}>
          <Picture
            stored={path}
            alt={ordered.length > 1 ? `${title}, picture ${index + 1} of ${ordered.length}` : title}
            isFirst={index === 0}
          />
        </li>
      ))}
    </ul>
  );
}
