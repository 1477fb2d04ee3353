// A product's picture on its mat, or the mat with a quiet mark where there is none; its box keeps its place while it loads.
import styles from './picture.module.css';
import { picturePath } from './picture-path.ts';

interface PictureProps {
  stored: string | null | undefined;
  /** Empty where the name stands beside the picture anyway. */
  alt: string;
  /** Set for the picture that is seen first; all others load when they come near. */
  isFirst?: boolean;
}

export function Picture({ stored, alt, isFirst = false }: PictureProps) {
  const path = picturePath(stored);
  return (
    <span className={styles.mat}>
      {path === null ? (
        <span className={styles.none} aria-hidden="true" />
      ) : (
        // biome-ignore lint/performance/noImgElement: the image optimizer would need a writable disk and a large library
        <img
          src={path}
          alt={alt}
          width={1200}
          height={1200}
          decoding={isFirst ? 'sync' : 'async'}
          loading={isFirst ? 'eager' : 'lazy'}
          fetchPriority={isFirst ? 'high' : 'auto'}
        />
      )}
    </span>
  );
}
