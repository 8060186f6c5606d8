typedef struct {
    int32_t a[NET_HIDDEN], room[NET_ROOM];
    int16_t h[NET_HIDDEN];
} net_state;

/* floor(v factor / 2^shift + 1/2), without shifting negative numbers to the right */
static int32_t net_scaled(int32_t v, int64_t factor, int shift)
{
    int64_t product = v * factor + ((int64_t)1 << shift >> 1);
    return (int32_t)(product < 0 ? ~(~product >> shift) : product >> shift);
}

/* the sum of code[first + j] max(x[j], least) over j < n; a code has some bits, the highest first, with an offset */
static int32_t net_dot(const uint8_t *codes, unsigned bits, size_t first, const int16_t *x, size_t n, int32_t least)
{
    uint64_t start = (uint64_t)first * bits;
    const uint8_t *next = codes + start / 8;
    unsigned left = 8 - (unsigned)(start % 8);
    uint32_t window = *next++;
    int32_t offset = (int32_t)1 << bits >> 1, sum = 0;
    for (size_t j = 0; j < n; j++) {
        for (; left < bits; left += 8)
            window = window << 8 | *next++;
        left -= bits;
        int32_t code = (int32_t)(window >> left & (((uint32_t)1 << bits) - 1)) - offset;
        sum += code * (x[j] < least ? least : x[j]);
    }
    return sum;
}

#if NET_HADAMARD
/* v with the sign of the bit i, which is set for minus */
static int32_t net_signed(const uint8_t *signs, size_t i, int32_t v)
{
    return signs[i / 8] >> (7 - i % 8) & 1 ? -v : v;
}

/* a = (I x H) h, one factor of the Kronecker product H after the other */
static void net_mix(net_state *s)
{
    for (const net_core *core = net_cores; core->order; core++) {
        size_t order = core->order, stride = core->stride;
        for (size_t block = 0; block < NET_HIDDEN; block += order * stride)
            for (int32_t *a = s->a + block; a < s->a + block + stride; a++) {
                if (order == 2) {
                    int32_t low = a[0], high = a[stride];
                    a[0] = low + high;
                    a[stride] = low - high;
                    continue;
                }
                for (size_t i = 0; i < order; i++) {
                    s->room[i] = 0;
                    for (size_t j = 0; j < order; j++)
                        s->room[i] += net_signed(core->signs, i * order + j, a[j * stride]);
                }
                for (size_t i = 0; i < order; i++)
                    a[i * stride] = s->room[i];
            }
    }
}
#endif

/* a = W h */
static void net_recur(net_state *s)
{
#if NET_HADAMARD
    for (size_t i = 0; i < NET_HIDDEN; i++)
        s->a[i] = s->h[i];
    net_mix(s);
    for (size_t i = 0; i < NET_HIDDEN; i++)
        s->a[i] = net_scaled(net_signed(net_u, i, s->a[i]), NET_W_FACTOR, NET_W_SHIFT);
#else
    for (size_t i = 0; i < NET_HIDDEN; i++) {
        int32_t sum = net_dot(net_W, NET_W_BITS, i * NET_HIDDEN, s->h, NET_HIDDEN, -NET_MOST);
        s->a[i] = net_scaled(sum, NET_W_FACTOR, NET_W_SHIFT);
    }
#endif
}

/* h = sigma(a + b), rounded and clipped */
static void net_activate(net_state *s)
{
    for (size_t i = 0; i < NET_HIDDEN; i++) {
        int32_t a = s->a[i] + net_b[i];
#if NET_MODRELU
        int32_t size = (a < 0 ? -a : a) + net_beta[i];
        a = size < 0 || a == 0 ? 0 : a < 0 ? -size : size;
#elif NET_RELU
        a = a < 0 ? 0 : a;
#endif
        a = net_scaled(a, 1, NET_FRACTION_BITS);
        s->h[i] = (int16_t)(a < -NET_MOST ? -NET_MOST : a > NET_MOST ? NET_MOST : a);
    }
}

void net_start(net_state *s)
{
    for (size_t i = 0; i < NET_HIDDEN; i++)
        s->h[i] = 0;
}

int16_t net_scale(float x)
{
    float real = x / NET_INPUT_STEP;
    if (!(real > -NET_MOST))
        return -NET_MOST;
    if (real > NET_MOST)
        return NET_MOST;
    int32_t near = (int32_t)real;
    float rest = real - (float)near;
    if (rest > 0.5f || (rest == 0.5f && near % 2))
        near++;
    if (rest < -0.5f || (rest == -0.5f && near % 2))
        near--;
    return (int16_t)near;
}

void net_step(net_state *s, const int16_t *x)
{
    net_recur(s);
    for (size_t i = 0; i < NET_HIDDEN; i++) {
        int32_t sum = net_dot(net_U, NET_U_BITS, i * NET_INPUTS, x, NET_INPUTS, -NET_MOST);
        s->a[i] += net_scaled(sum, NET_U_FACTOR, NET_U_SHIFT);
    }
    net_activate(s);
}

int net_token(net_state *s, int32_t token)
{
    static const int16_t one[] = {1};
    if (token < 0 || token >= NET_INPUTS)
        return 0;
    net_recur(s);
    for (size_t i = 0; i < NET_HIDDEN; i++) {
        int32_t code = net_dot(net_U, NET_U_BITS, i * NET_INPUTS + (size_t)token, one, 1, 0);
        s->a[i] += net_scaled(code, NET_TOKEN_FACTOR, NET_TOKEN_SHIFT);
    }
    net_activate(s);
    return 1;
}

void net_outputs(const net_state *s, double *y)
{
    for (size_t i = 0; i < NET_OUTPUTS; i++) {
        y[i] = net_dot(net_V, NET_V_BITS, i * NET_HIDDEN, s->h, NET_HIDDEN, NET_LEAST_READ) * NET_OUTPUT_STEP;
        y[i] += (double)net_c[i];
    }
}

#ifdef NET_MAIN
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    static net_state s;
    static int16_t x[NET_INPUTS];
    static double y[NET_OUTPUTS];
    long steps = count > 1 ? strtol(words[1], NULL, 10) : 0;
    if (steps < 1 || count > 3) {
        fprintf(stderr, "usage: %s STEPS [tokens] < sequences of so many steps, as numbers or tokens\n", words[0]);
        return 2;
    }
    for (;;) {
        net_start(&s);
        for (long t = 0; t < steps; t++) {
            int found = 0;
            if (count > 2) {
                long token;
                found = scanf("%ld", &token);
                if (found == 1 && (token < 0 || token >= NET_INPUTS || !net_token(&s, (int32_t)token)))
                    found = 0;
            } else {
                size_t i = 0;
                for (float value; i < NET_INPUTS && (found = scanf("%f", &value)) == 1; i++)
                    x[i] = net_scale(value);
                if (i == NET_INPUTS)
                    net_step(&s, x);
                else if (i > 0)
                    found = 0;
            }
            if (found == EOF && t == 0)
                return 0;
            if (found != 1) {
                fprintf(stderr, "%s: a sequence ends early, or has what is no number or no token\n", words[0]);
                return 2;
            }
            if (NET_MANY_TO_MANY || t == steps - 1) {
                net_outputs(&s, y);
                for (size_t i = 0; i < NET_OUTPUTS; i++)
                    printf("%.17g%c", y[i], i + 1 < NET_OUTPUTS ? ' ' : '\n');
            }
        }
    }
}
#endif
