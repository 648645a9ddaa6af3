import styles from './description.module.css';

/** The text that a publisher or a user has written about the object; nothing if there is none. */
export const Description = ({ text }: { text: string | null }) =>
  text && <p className={styles.description}>{text}</p>;
