// The least that any publisher to RabbitMQ must do: it writes the frames of a message again and again, and reads the
// confirms. It makes nothing, looks at nothing else, and knows no second message.
//
//     amqp-floor PORT COUNT WINDOW FILE
//         sends the bytes in FILE COUNT times over channel 1, WINDOW of them without a confirm at most; prints the
//         nanoseconds until the last is confirmed
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTION = 10, CHANNEL = 20, BASIC = 60, CONFIRM = 85 };

static int server;
static uint8_t input[1 << 16];
static size_t head, tail;  // The bytes that came and were not read yet.

static void fail(const char *what) {
  fprintf(stderr, "amqp-floor: %s\n", what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void send_bytes(const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t sent = write(server, bytes, count);
    if (sent <= 0) fail("RabbitMQ takes nothing more");
    bytes += sent;
    count -= sent;
  }
}

static void receive(void) {
  memmove(input, input + head, tail - head);
  tail -= head;
  head = 0;
  ssize_t count = read(server, input + tail, sizeof input - tail);
  if (count <= 0) fail("RabbitMQ has closed the connection");
  tail += count;
}

static uint64_t number(const uint8_t *bytes, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

// The payload of the next frame, if all of it is here.
static const uint8_t *next_frame(void) {
  if (tail - head < 8) return NULL;
  size_t size = number(input + head + 3, 4);
  if (size > sizeof input - 8) fail("a frame is too long");
  if (tail - head < size + 8) return NULL;
  const uint8_t *payload = input + head + 7;
  head += size + 8;
  return payload;
}

static void call(int channel, int class_id, int method, const void *arguments, uint8_t count, int answer) {
  uint8_t frame[256] = {1, 0, channel, 0, 0, 0, count + 4, 0, class_id, 0, method};
  memcpy(frame + 11, arguments, count);
  frame[11 + count] = 0xCE;
  send_bytes(frame, 12 + count);
  if (answer == 0) return;
  const uint8_t *payload;
  while (!(payload = next_frame())) receive();
  if (number(payload, 4) != (uint64_t)(class_id << 16 | answer)) fail("RabbitMQ does not answer as expected");
}

static void log_in(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(server, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  send_bytes((const uint8_t *)"AMQP\0\0\x09\x01", 8);
  while (!next_frame()) receive();  // start
  static const char ok[] = "\0\0\0\0" "\5PLAIN" "\0\0\0\14\0guest\0guest" "\5en_US";
  call(0, CONNECTION, 11, ok, sizeof ok - 1, 30);
  call(0, CONNECTION, 31, "\x07\xff\0\2\0\0\0\0", 8, 0);  // No heartbeats, and the usual bounds.
  call(0, CONNECTION, 40, "\1/\0\0", 4, 41);
  call(1, CHANNEL, 10, "\0", 1, 11);
  call(1, CONFIRM, 10, "\0", 1, 11);
}

static uint8_t *copies(const char *path, long count, size_t *size) {
  static uint8_t message[1 << 16];
  FILE *file = fopen(path, "rb");
  if (!file || (*size = fread(message, 1, sizeof message, file)) == 0) fail("cannot read the message");
  fclose(file);
  uint8_t *bytes = malloc(*size * count);
  for (long i = 0; i < count; i++) memcpy(bytes + i * *size, message, *size);
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 5) fail("called by scripts/bench; its first lines say with what");
  long count = atol(argv[2]), window = atol(argv[3]), sent = 0, confirmed = 0, lowest = 1;
  if (count < 1 || window < 1) fail("COUNT and WINDOW are 1 or more");
  size_t size;
  const uint8_t *messages = copies(argv[4], window, &size);
  char *is_confirmed = calloc(count + 1, 1);
  log_in(atoi(argv[1]));
  int64_t began = now();
  while (confirmed < count) {
    long room = window - (sent - confirmed);
    if (room > count - sent) room = count - sent;
    if (room > 0) send_bytes(messages, size * room);
    sent += room;
    receive();
    for (const uint8_t *payload; (payload = next_frame());) {
      if (number(payload, 2) != BASIC || number(payload + 2, 2) != 80) fail("something else than a confirm came");
      long tag = number(payload + 4, 8);
      if (tag < 1 || tag > sent) fail("a confirm of an unknown message came");
      // One for many is for all that have none yet. Otherwise they come in any order.
      for (long i = payload[12] & 1 ? lowest : tag; i <= tag; i++) {
        confirmed += !is_confirmed[i];
        is_confirmed[i] = 1;
      }
      while (lowest <= count && is_confirmed[lowest]) lowest++;
    }
  }
  printf("%lld\n", (long long)(now() - began));
  return 0;
}
